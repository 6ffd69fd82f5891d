import type { FrameLedger, OwnedFrame } from "../decode/frame-ledger.ts";

/**
 * A copy of the picture in ordinary memory. A hardware decoder has few surfaces and stands still when many of its
 * pictures are kept. Closes the original; gives it back where its samples cannot be read.
 */
export async function detachFrame(owned: OwnedFrame, ledger: FrameLedger): Promise<OwnedFrame> {
  const { frame } = owned;
  const { format, visibleRect, timestamp, displayWidth, displayHeight, colorSpace } = frame;
  if (!format || !visibleRect) return owned;
  try {
    const data = new Uint8Array(frame.allocationSize());
    const layout = await frame.copyTo(data);
    const copy = new VideoFrame(data, {
      format,
      layout,
      timestamp,
      displayWidth,
      displayHeight,
      codedWidth: visibleRect.width,
      codedHeight: visibleRect.height,
      colorSpace: colorSpace.toJSON(),
    });
    owned.close();
    return ledger.own(copy);
  } catch {
    return owned;
  }
}
