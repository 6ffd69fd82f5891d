import type { FluxCrypto } from "../crypto/types.ts";
import { describeError } from "../lib/errors.ts";
import { SEGMENT_HEADER_BYTES } from "../wire/segment-file.ts";
import type { Finding } from "./findings.ts";
import { packageOpener } from "./frame-opener.ts";
import type { PackageKey } from "./key-file.ts";
import type { ManifestFile } from "./manifest.ts";
import type { ByteFile } from "./package-files.ts";
import { isAudioFrame, isKeyframeOf, readSealedFile, sealedFrames } from "./sealed-media.ts";

/** The structure of a sealed segment against what the manifest says of it. Needs no key. */
export async function checkSegment(
  file: ByteFile,
  { name, media }: ManifestFile,
  cameraId: string | undefined,
): Promise<Finding[]> {
  try {
    const { header, index } = await readSealedFile(file);
    const findings: Finding[] = [];
    if (cameraId !== undefined && header.cameraId !== cameraId) {
      findings.push({ code: "segment.camera", file: name, values: { found: header.cameraId, expected: cameraId } });
    }
    const counts = { frames: 0, keyframes: 0, audioFrames: 0 };
    for await (const frame of sealedFrames(file, SEGMENT_HEADER_BYTES, index.dataEnd)) {
      if (isAudioFrame(frame)) counts.audioFrames++;
      else counts.frames++;
      if (isKeyframeOf(frame)) counts.keyframes++;
    }
    if (media) {
      for (const kind of ["frames", "keyframes", "audioFrames"] as const) {
        if (counts[kind] === media[kind]) continue;
        findings.push({ code: "segment.frames", file: name, values: { found: counts[kind], expected: media[kind] } });
      }
    }
    return findings;
  } catch (error) {
    return [{ code: "file.unreadable", file: name, values: { detail: describeError(error).slice(0, 200) } }];
  }
}

/** Checks the tag of each frame: nothing in it was changed since the camera's picture arrived, header included. */
export async function openEveryFrame(
  file: ByteFile,
  cameraId: string,
  keys: readonly PackageKey[],
  crypto: FluxCrypto,
): Promise<{ opened: number; damaged: number }> {
  const opener = packageOpener(crypto, keys);
  let opened = 0;
  let damaged = 0;
  try {
    const { index } = await readSealedFile(file);
    for await (const frame of sealedFrames(file, SEGMENT_HEADER_BYTES, index.dataEnd)) {
      try {
        await opener.open(cameraId, frame);
        opened++;
      } catch {
        damaged++;
      }
    }
  } catch {
    // The structure's faults were named already.
  } finally {
    opener.close();
  }
  return { opened, damaged };
}
