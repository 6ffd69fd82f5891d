/** Which YCbCr a picture's samples are in. */
export interface YuvColour {
  readonly matrix: "bt601" | "bt709" | "bt2020";
  readonly fullRange: boolean;
}

/** Luma weights of red and blue: BT.601-7, BT.709-6, BT.2020-2. */
const WEIGHTS = {
  bt601: { kr: 0.299, kb: 0.114 },
  bt709: { kr: 0.2126, kb: 0.0722 },
  bt2020: { kr: 0.2627, kb: 0.0593 },
} as const;

/** From this height on, a stream that states no matrix is taken for BT.709, below for BT.601, as players do. */
const HD_HEIGHT = 720;

/** What a stream's own parameter set says; the matrix is often left open. */
export interface StatedColour {
  readonly matrix: YuvColour["matrix"] | undefined;
  readonly fullRange: boolean;
}

function defaultMatrix(height: number): YuvColour["matrix"] {
  return height >= HD_HEIGHT ? "bt709" : "bt601";
}

/** What the browser says of a frame's colours, with a default by size for what it leaves open. */
function frameColour(space: VideoColorSpace, height: number): YuvColour {
  const fullRange = space.fullRange === true;
  switch (space.matrix as string | null) {
    case "bt709":
      return { matrix: "bt709", fullRange };
    case "bt470bg":
    case "smpte170m":
      return { matrix: "bt601", fullRange };
    case "bt2020-ncl":
      return { matrix: "bt2020", fullRange };
    default:
      return { matrix: defaultMatrix(height), fullRange };
  }
}

/** `stated`, when known, outranks the browser, which fills gaps with guesses. */
export function yuvColourOf(space: VideoColorSpace, height: number, stated: StatedColour | undefined): YuvColour {
  if (!stated) return frameColour(space, height);
  return { matrix: stated.matrix ?? defaultMatrix(height), fullRange: stated.fullRange };
}

/**
 * Three rows of four: `r = row0 . (y, u, v, 1)` and so on, for samples scaled to 0..1 as a texture gives them.
 * Range expansion is part of the rows, so that the shader needs one multiplication per channel.
 */
export function yuvToRgbRows(colour: YuvColour): Float32Array {
  const { kr, kb } = WEIGHTS[colour.matrix];
  const kg = 1 - kr - kb;
  const yScale = colour.fullRange ? 1 : 255 / 219;
  const yOffset = colour.fullRange ? 0 : -16 / 219;
  const cScale = colour.fullRange ? 1 : 255 / 224;
  const cMiddle = 128 / 255;
  const rV = 2 * (1 - kr) * cScale;
  const bU = 2 * (1 - kb) * cScale;
  const gU = ((-2 * kb * (1 - kb)) / kg) * cScale;
  const gV = ((-2 * kr * (1 - kr)) / kg) * cScale;
  return Float32Array.of(
    ...[yScale, 0, rV, yOffset - rV * cMiddle],
    ...[yScale, gU, gV, yOffset - (gU + gV) * cMiddle],
    ...[yScale, bU, 0, yOffset - bU * cMiddle],
  );
}

/** Rows for samples that are RGB already. */
export const RGB_ROWS = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
