import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { frameHeaders, openFileSource, openSegmentFile } from "../../record/segment-reader.ts";

export interface Stored {
  readonly files: number;
  readonly frames: number;
  readonly bytes: number;
  /** Numbers missing between frames of a stream, over all its files. */
  readonly missing: number;
  /** Files without a trailer. */
  readonly unclosed: number;
}

/** Reads every frame's header in every segment below the folder. */
export async function readStored(folder: string): Promise<Stored> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\/\d+-\d+(-\d+)?$/.test(name));
  const sequences = new Map<number, number[]>();
  let [frames, bytes, unclosed] = [0, 0, 0];
  for (const name of names.sort()) {
    const path = join(folder, name);
    const segment = await openSegmentFile(path);
    if (!segment.closed) unclosed++;
    const { dataEnd } = segment.index;
    await segment.close();
    const source = await openFileSource(path);
    try {
      bytes += source.bytes;
      for await (const { header } of frameHeaders(source, dataEnd)) {
        frames++;
        const list = sequences.get(header.streamId) ?? [];
        list.push(header.sequence);
        sequences.set(header.streamId, list);
      }
    } finally {
      await source.close();
    }
  }
  return { files: names.length, frames, bytes, missing: missingOf(sequences.values()), unclosed };
}

function missingOf(streams: Iterable<number[]>): number {
  let missing = 0;
  for (const list of streams) {
    list.sort((a, b) => a - b);
    for (const [at, sequence] of list.entries()) missing += at === 0 ? 0 : sequence - (list[at - 1] ?? sequence) - 1;
  }
  return missing;
}
