// What a camera makes of light: exposure, tone curve, vignette, fixed grain, infrared grey.
import { seeded, smoothstep } from "./math.mjs";

const curveSteps = 4096;
const curveTop = 6;

/** Filmic curve (ACES fit) and display gamma, as a table over linear light from 0 to `curveTop`. */
function toneCurve(exposure) {
  return Float32Array.from({ length: curveSteps }, (_, step) => {
    const x = (step / (curveSteps - 1)) * curveTop * exposure;
    return Math.min(1, (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)) ** (1 / 2.2) * 255;
  });
}

/** A function that writes one pixel's linear light into the picture, as this camera shows it. */
export function createSensor(look, width, height) {
  const curve = toneCurve(look.exposure ?? 1);
  const random = seeded(77);
  const gain = new Float32Array(width * height);
  const grain = new Float32Array(width * height);
  for (let at = 0; at < gain.length; at += 1) {
    const [x, y] = [(at % width) / width - 0.5, Math.floor(at / width) / height - 0.5];
    gain[at] = 1 - (look.vignette ?? 0.42) * smoothstep(0.1, 0.5, x * x + y * y);
    grain[at] = (random() - 0.5) * 255 * (look.grain ?? 0.012);
  }
  const show = (light) => curve[Math.min(curveSteps - 1, Math.max(0, (light * (curveSteps - 1)) / curveTop)) | 0];
  return (picture, at, r, g, b) => {
    let [red, green, blue] = [show(r), show(g), show(b)];
    if (look.infrared) {
      red = 0.3 * red + 0.59 * green + 0.11 * blue;
      green = red;
      blue = red;
    }
    picture[at * 3] = red * gain[at] + grain[at];
    picture[at * 3 + 1] = green * gain[at] + grain[at];
    picture[at * 3 + 2] = blue * gain[at] + grain[at];
  };
}

/** Cheap cameras sharpen hard; done once, on the still picture. */
export function sharpen(colour, width, amount = 0.4) {
  const sharp = colour.slice();
  const row = width * 3;
  for (let at = row + 3; at < colour.length - row - 3; at += 1) {
    const around = (colour[at - 3] + colour[at + 3] + colour[at - row] + colour[at + row]) / 4;
    // Bright lights would ring.
    if (colour[at] < 1.2 && around < 1.2) sharp[at] = Math.max(0, colour[at] + (colour[at] - around) * amount);
  }
  return sharp;
}
