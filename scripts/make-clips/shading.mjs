// Light on moving things, per vertex: the same sun, sky and lamps as the still picture's shader.
import { clamp, dot, mix, normalize, smoothstep } from "./math.mjs";
import { material } from "./props.mjs";

function lampLight(lamp, place, normal) {
  const to = [0, 1, 2].map((i) => lamp.at[i] - place[i]);
  const away = Math.hypot(...to);
  if (away > lamp.reach || away === 0) return 0;
  const facing = dot(normal, to) / away;
  if (facing <= 0) return 0;
  const fade = (1 - away / lamp.reach) ** 2;
  if (lamp.cone === undefined) return facing * fade;
  const aim = normalize(lamp.aim);
  return facing * fade * smoothstep(lamp.cone, mix(lamp.cone, 1, 0.5), -dot(aim, to) / away);
}

/** A function (place, normal, colour, material) -> linear light towards the camera. */
export function createShading(look, lamps) {
  const sun = normalize(look.sun.direction);
  const { eye } = look.camera;
  const floor = look.floor ?? 0;
  const sunShare = look.movingSun ?? 1;
  return (place, normal, colour, kind) => {
    if (kind === material.light) return colour;
    const toEye = normalize([0, 1, 2].map((i) => eye[i] - place[i]));
    const towardsSun = Math.max(0, dot(normal, sun)) * sunShare;
    const fromLamps = lamps.map((lamp) => lampLight(lamp, place, normal));
    const grounding = normal[1] < 0.5 ? 0.7 + 0.3 * smoothstep(0, 1.2, place[1] - floor) : 1;
    const facing = dot(normal, toEye);
    const mirror = [0, 1, 2].map((i) => 2 * facing * normal[i] - toEye[i]);
    const gloss = kind === material.paint ? 0.55 : 0.05;
    const fresnel = gloss * (0.25 + 0.75 * (1 - clamp(facing)) ** 4);
    const highlight = towardsSun > 0 ? gloss * Math.max(0, dot(mirror, sun)) ** 60 : 0;
    const fog = 1 - Math.exp(-(look.fog?.density ?? 0) * Math.hypot(...[0, 1, 2].map((i) => eye[i] - place[i])));
    return [0, 1, 2].map((i) => {
      const { above, below } = look.ambient;
      let light = mix(below[i], above[i], normal[1] * 0.5 + 0.5) * grounding + look.sun.colour[i] * towardsSun;
      for (const [at, share] of fromLamps.entries()) light += lamps[at].colour[i] * share;
      const around = mix(below[i], above[i] * 1.15, smoothstep(-0.2, 0.5, mirror[1]));
      const shown = colour[i] * light * (1 - 0.4 * fresnel) + around * fresnel + look.sun.colour[i] * highlight;
      return mix(shown, look.fog?.colour[i] ?? 0, fog);
    });
  };
}
