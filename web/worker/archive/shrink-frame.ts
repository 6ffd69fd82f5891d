/** The picture as a bitmap of that width, its shape kept. */
export function shrinkFrame(frame: VideoFrame, widthPx: number): Promise<ImageBitmap> {
  const resizeWidth = Math.max(1, Math.min(widthPx, frame.displayWidth));
  const resizeHeight = Math.max(1, Math.round((resizeWidth * frame.displayHeight) / frame.displayWidth));
  return createImageBitmap(frame, { resizeWidth, resizeHeight, resizeQuality: "medium" });
}
