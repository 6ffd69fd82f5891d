/** Height of the 16:9 picture within a tile from which the main stream is worth its bytes, as on live. */
const MAIN_PX = 400;
/** A tile must pass the bound by this share before it changes: resizing by hand must not make it flap. */
const HYSTERESIS = 0.08;

/** Which stream a tile of that many device pixels deserves, given the one that it has. */
export function roleForSize(widthPx: number, heightPx: number, current: "main" | "sub" | undefined): "main" | "sub" {
  const px = Math.min(heightPx, (widthPx * 9) / 16);
  const margin = current === undefined ? 0 : current === "main" ? -HYSTERESIS : HYSTERESIS;
  return px >= MAIN_PX * (1 + margin) ? "main" : "sub";
}
