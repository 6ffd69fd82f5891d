// GLSL of the still picture: the shadow map, the sky, the surfaces.

const instanceInputs = `#version 300 es
precision highp float;
layout(location=0) in vec3 position;
layout(location=1) in vec3 normal;
layout(location=2) in mat4 model;
layout(location=6) in vec4 colour; // rgb, material
`;

export const shadowVertex = `${instanceInputs}
uniform mat4 sunMatrix;
void main() { gl_Position = sunMatrix * (model * vec4(position, 1.0)); }`;

export const shadowFragment = `#version 300 es
precision highp float;
void main() {}`;

export const sceneVertex = `${instanceInputs}
uniform mat4 viewMatrix;
uniform mat4 sunMatrix;
out vec3 place; out vec3 facing; out vec4 paint; out vec4 inSun; out vec3 local;
void main() {
  vec4 world = model * vec4(position, 1.0);
  mat3 turn = mat3(model);
  vec3 scale2 = vec3(dot(turn[0], turn[0]), dot(turn[1], turn[1]), dot(turn[2], turn[2]));
  place = world.xyz;
  local = position * sqrt(scale2);
  facing = turn * (normal / scale2);
  paint = colour;
  inSun = sunMatrix * world;
  gl_Position = viewMatrix * world;
}`;

export const sceneFragment = `#version 300 es
precision highp float;
precision highp sampler2DShadow;
in vec3 place; in vec3 facing; in vec4 paint; in vec4 inSun; in vec3 local;
uniform vec3 eye, sunDirection, sunColour, skyColour, groundColour, fogColour;
uniform float fogDensity, shadowSoftness, wetness;
uniform sampler2DShadow shadowMap;
uniform int lampCount;
uniform vec4 lampPlace[8];  // xyz, reach
uniform vec4 lampColour[8]; // rgb, cosine of the cone's half angle (-1: all round)
uniform vec3 lampAim[8];
out vec4 result;

float hash(vec2 p) { p = fract(p * vec2(123.34, 456.21)); p += dot(p, p + 45.32); return fract(p.x * p.y); }
float noise(vec2 p) {
  vec2 i = floor(p), f = fract(p);
  f = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}
float clouds(vec2 p) { return noise(p) * 0.5 + noise(p * 2.3 + 7.1) * 0.3 + noise(p * 5.1 + 3.7) * 0.2; }
/** 1 on a line of the given half width, antialiased by distance. */
float line(float at, float halfWidth) {
  float blur = fwidth(at) + 0.002;
  return 1.0 - smoothstep(halfWidth - blur, halfWidth + blur, abs(at));
}
float gridLine(vec2 p, float halfWidth) {
  vec2 away = abs(fract(p - 0.5) - 0.5);
  vec2 blur = fwidth(p) + 0.002;
  vec2 on = 1.0 - smoothstep(vec2(halfWidth) - blur, vec2(halfWidth) + blur, away);
  return max(on.x, on.y) * clamp(0.35 / max(blur.x, blur.y) - 0.4, 0.0, 1.0);
}

/** Colour and gloss of a surface by its material number. */
vec4 surface(vec3 n) {
  int material = int(paint.a + 0.5);
  vec3 c = paint.rgb;
  float gloss = 0.04;
  vec2 flat2 = abs(n.y) > 0.6 ? place.xz : (abs(n.x) > abs(n.z) ? place.zy : place.xy);
  if (material == 0) c *= 0.97 + 0.06 * noise(flat2 * 3.0);
  else if (material == 1) { // asphalt
    float blotch = clouds(flat2 * 0.22);
    c *= 0.82 + 0.3 * blotch + 0.10 * (noise(flat2 * 9.0) - 0.5);
    c *= 1.0 - 0.22 * line(noise(flat2 * 0.35) - 0.5, 0.006);
    gloss = 0.03 + wetness * smoothstep(0.45, 0.7, blotch);
  } else if (material == 2) { // concrete slabs
    c *= 0.88 + 0.2 * clouds(flat2 * 0.6);
    c *= 1.0 - 0.22 * gridLine(flat2 / 2.4, 0.006);
  } else if (material == 3) { // brick
    vec2 b = flat2 / vec2(0.5, 0.17);
    b.x += 0.5 * mod(floor(b.y), 2.0);
    c *= 0.85 + 0.22 * hash(floor(b)) * clamp(0.5 / max(fwidth(b.y), 0.01), 0.0, 1.0);
    c = mix(c, vec3(0.55, 0.53, 0.5), 0.5 * gridLine(b, 0.05));
  } else if (material == 4) { // floor tiles
    vec2 b = flat2 / 0.9;
    c *= 0.93 + 0.09 * hash(floor(b));
    c *= 1.0 - 0.28 * gridLine(b, 0.012);
    gloss = 0.35;
  } else if (material == 5) { // facade with windows
    vec2 b = vec2(flat2.x / 2.6, place.y / 3.1);
    vec2 f = fract(b);
    float window = step(0.18, f.x) * step(f.x, 0.82) * step(0.28, f.y) * step(f.y, 0.82);
    vec3 pane = mix(vec3(0.07, 0.09, 0.11), vec3(0.45, 0.52, 0.58), 0.5 * hash(floor(b)) + 0.3 * f.y);
    c = mix(c * (0.9 + 0.15 * clouds(flat2 * 0.4)), pane, window * step(0.5, abs(1.0 - abs(n.y))));
    gloss = 0.05 + 0.3 * window;
  } else if (material == 6) { // corrugated metal
    c *= 0.8 + 0.2 * abs(sin(flat2.x * 14.0)) * clamp(0.25 / fwidth(flat2.x), 0.0, 1.0) + 0.1 * clouds(flat2 * 0.5);
    gloss = 0.2;
  } else if (material == 7) { // grass
    c *= 0.7 + 0.5 * clouds(flat2 * 1.7) + 0.2 * (noise(flat2 * 12.0) - 0.5);
  } else if (material == 8) gloss = 0.55; // paint
  else if (material == 10) { // carton
    c *= 0.9 + 0.12 * noise(flat2 * 2.0);
    c = mix(c, vec3(0.75, 0.68, 0.5), 0.7 * line(local.x, 0.04) * step(0.1, abs(n.z) + abs(n.y)));
  } else if (material == 11) c *= 0.55 + 0.75 * noise(flat2 * 6.0) * (0.6 + 0.4 * noise(flat2 * 17.0)); // ballast
  else if (material == 12) { // polished stone
    c *= 0.9 + 0.16 * clouds(flat2 * 0.8 + clouds(flat2 * 2.0));
    c *= 1.0 - 0.15 * gridLine(flat2 / 1.6, 0.004);
    gloss = 0.5;
  } else if (material == 13) { // goods on a shelf: a mosaic of packages
    vec2 b = flat2 / vec2(0.16, 0.26);
    float h = hash(floor(b));
    c = mix(c, 0.5 + 0.4 * cos(6.28 * (h + vec3(0.0, 0.33, 0.6))), 0.55) * (0.75 + 0.35 * hash(floor(b) + 9.0));
    c *= 1.0 - 0.5 * gridLine(b, 0.06);
  } else if (material == 14) { c *= 0.8 + 0.3 * noise(vec2(flat2.x * 1.2, flat2.y * 20.0)); gloss = 0.12; } // wood
  return vec4(c, gloss);
}

float sunlight(vec3 n) {
  vec3 p = inSun.xyz / inSun.w * 0.5 + 0.5;
  if (p.x < 0.0 || p.x > 1.0 || p.y < 0.0 || p.y > 1.0 || p.z > 1.0) return 1.0;
  float lit = 0.0;
  float bias = 0.0012 + 0.002 * (1.0 - max(dot(n, sunDirection), 0.0));
  for (int i = 0; i < 9; i += 1) {
    vec2 offset = vec2(float(i % 3) - 1.0, float(i / 3) - 1.0) * shadowSoftness;
    lit += texture(shadowMap, vec3(p.xy + offset, p.z - bias));
  }
  return lit / 9.0;
}

void main() {
  vec3 n = normalize(facing);
  vec3 toEye = normalize(eye - place);
  if (int(paint.a + 0.5) == 9) { result = vec4(paint.rgb, length(eye - place)); return; } // shines by itself
  vec4 s = surface(n);
  float towardsSun = dot(n, sunDirection);
  float unshadowed = towardsSun > 0.0 && sunColour.r > 0.0 ? sunlight(n) : 0.0;
  float sun = max(towardsSun, 0.0) * unshadowed;
  vec3 ambient = mix(groundColour, skyColour, n.y * 0.5 + 0.5);
  // Things darken towards the ground they stand on.
  if (n.y < 0.5) ambient *= 0.72 + 0.28 * smoothstep(0.0, 1.2, place.y);
  vec3 light = ambient + sunColour * sun;
  vec3 mirror = reflect(-toEye, n);
  float fresnel = s.a * (0.25 + 0.75 * pow(1.0 - max(dot(n, toEye), 0.0), 4.0));
  vec3 shine = sunColour * pow(max(dot(mirror, sunDirection), 0.0), 60.0) * s.a * unshadowed;
  for (int i = 0; i < lampCount; i += 1) {
    vec3 to = lampPlace[i].xyz - place;
    float away = length(to);
    if (away > lampPlace[i].w) continue;
    to /= away;
    float fade = clamp(1.0 - away / lampPlace[i].w, 0.0, 1.0);
    float cone = lampColour[i].a < -0.5 ? 1.0 : smoothstep(lampColour[i].a, mix(lampColour[i].a, 1.0, 0.5), dot(-to, lampAim[i]));
    vec3 lamp = lampColour[i].rgb * fade * fade * cone;
    light += lamp * max(dot(n, to), 0.0);
    shine += lamp * pow(max(dot(mirror, to), 0.0), 40.0) * s.a;
  }
  vec3 environment = mix(groundColour, skyColour * 1.15, smoothstep(-0.2, 0.5, mirror.y));
  vec3 c = s.rgb * light * (1.0 - 0.4 * fresnel) + environment * fresnel + shine;
  float fog = 1.0 - exp(-fogDensity * length(eye - place));
  result = vec4(mix(c, fogColour, fog), length(eye - place));
}`;

export const screenVertex = `#version 300 es
out vec2 uv;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  uv = corner * 0.5 + 0.5;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

export const skyFragment = `#version 300 es
precision highp float;
in vec2 uv;
uniform vec3 skyHigh, skyLow;
out vec4 result;
void main() { result = vec4(mix(skyLow, skyHigh, smoothstep(0.45, 1.0, uv.y)), 0.0); }`;
