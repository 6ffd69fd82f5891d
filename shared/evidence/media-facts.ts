import { EncodedPacketSink, Input, MATROSKA, MP4, QTFF, StreamSource } from "mediabunny";
import type { ByteFile } from "./package-files.ts";
import { isAudioFrame, readSealedFile, sealedFrames } from "./sealed-media.ts";

export interface MediaFacts {
  /** Pictures. */
  readonly frames: number;
  readonly durationMicros: number;
}

/** What a media file holds by its own account; undefined where it cannot be read any more. */
export async function mediaFacts(file: ByteFile): Promise<MediaFacts | undefined> {
  try {
    return file.name.endsWith(".fvms") ? await sealedFacts(file) : await containerFacts(file);
  } catch {
    return undefined;
  }
}

async function sealedFacts(file: ByteFile): Promise<MediaFacts> {
  const { index } = await readSealedFile(file);
  let frames = 0;
  let first: number | undefined;
  let last = 0;
  for await (const frame of sealedFrames(file, 256, index.dataEnd)) {
    if (isAudioFrame(frame)) continue;
    frames++;
    first ??= frame.header.captureTime;
    last = frame.header.captureTime;
  }
  return { frames, durationMicros: last - (first ?? last) };
}

async function containerFacts(file: ByteFile): Promise<MediaFacts> {
  const source = new StreamSource({
    getSize: () => file.bytes,
    read: (start, end) => file.readAt(start, end - start),
  });
  const input = new Input({ formats: [MP4, QTFF, MATROSKA], source });
  try {
    const track = await input.getPrimaryVideoTrack();
    if (!track) return { frames: 0, durationMicros: 0 };
    let frames = 0;
    let end = 0;
    for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })) {
      frames++;
      end = Math.max(end, packet.microsecondTimestamp + packet.microsecondDuration);
    }
    return { frames, durationMicros: end };
  } finally {
    input.dispose();
  }
}
