#version 300 es
// The same arithmetic as wall.wgsl.
precision highp float;
precision highp sampler2DArray;

uniform sampler2DArray r8;
uniform sampler2DArray rg8;
uniform sampler2DArray rgba8;

in highp vec2 at;
flat in highp vec4 f_main_slot;
flat in highp vec4 f_chroma_slot;
flat in highp vec4 f_places;
flat in highp vec4 f_red;
flat in highp vec4 f_green;
flat in highp vec4 f_blue;

out vec4 colour;

// Texel to texture coordinate, never touching the neighbours of the slot.
vec2 within(vec4 slot, vec2 texel) {
  return slot.xy + clamp(texel, vec2(0.5), slot.zw - vec2(0.5));
}

void main() {
  vec2 main_at = within(f_main_slot, at);
  if (f_places.z > 1.5) {
    vec2 size = vec2(textureSize(rgba8, 0).xy);
    colour = vec4(textureLod(rgba8, vec3(main_at / size, f_places.x), 0.0).rgb, 1.0);
    return;
  }
  vec2 size = vec2(textureSize(r8, 0).xy);
  float y = textureLod(r8, vec3(main_at / size, f_places.x), 0.0).r;
  // Chroma samples sit on the even luma columns, between two rows (H.264 chroma_sample_loc_type 0).
  vec2 chroma_at = within(f_chroma_slot, at * 0.5 + vec2(0.25, 0.0));
  vec2 uv;
  if (f_places.z < 0.5) {
    vec2 below = vec2(0.0, f_chroma_slot.w);
    uv = vec2(
      textureLod(r8, vec3(chroma_at / size, f_places.y), 0.0).r,
      textureLod(r8, vec3((chroma_at + below) / size, f_places.y), 0.0).r);
  } else {
    uv = textureLod(rg8, vec3(chroma_at / vec2(textureSize(rg8, 0).xy), f_places.y), 0.0).rg;
  }
  vec4 yuv = vec4(y, uv, 1.0);
  colour = vec4(dot(f_red, yuv), dot(f_green, yuv), dot(f_blue, yuv), 1.0);
}
