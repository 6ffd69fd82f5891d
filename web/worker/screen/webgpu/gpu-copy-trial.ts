import { readTexture } from "./read-texture.ts";

const SIDE = 16;
/** Mid red: far from the zeros of a copy that silently did nothing. */
const COLOUR = { red: 200, green: 60, blue: 20 } as const;
const TOLERANCE = 12;

/** Whether copyExternalImageToTexture really copies a VideoFrame here: tried on a known picture and read back. */
export async function gpuCopyWorks(device: GPUDevice): Promise<boolean> {
  const pixels = new Uint8Array(SIDE * SIDE * 4);
  for (let i = 0; i < pixels.length; i += 4) pixels.set([COLOUR.red, COLOUR.green, COLOUR.blue, 255], i);
  const frame = new VideoFrame(pixels, { format: "RGBA", codedWidth: SIDE, codedHeight: SIDE, timestamp: 0 });
  const { COPY_DST, COPY_SRC, RENDER_ATTACHMENT } = GPUTextureUsage;
  const texture = device.createTexture({
    size: { width: SIDE, height: SIDE, depthOrArrayLayers: 2 },
    format: "rgba8unorm",
    usage: COPY_DST | COPY_SRC | RENDER_ATTACHMENT,
  });
  try {
    device.pushErrorScope("validation");
    const size = { width: SIDE, height: SIDE };
    device.queue.copyExternalImageToTexture({ source: frame }, { texture, origin: { x: 0, y: 0, z: 0 } }, size);
    if ((await device.popErrorScope()) !== null) return false;
    const [red = 0, green = 0, blue = 0] = await readTexture(device, texture);
    return (
      Math.abs(red - COLOUR.red) <= TOLERANCE &&
      Math.abs(green - COLOUR.green) <= TOLERANCE &&
      Math.abs(blue - COLOUR.blue) <= TOLERANCE
    );
  } catch {
    return false;
  } finally {
    frame.close();
    texture.destroy();
  }
}
