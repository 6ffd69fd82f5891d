import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { EncodedPacketSink, FilePathSource, Input, MP4 } from "mediabunny";
import { type Micros, micros } from "../../../shared/lib/time.ts";
import type { AccessUnit, Codec } from "../../../shared/media/types.ts";
import { adtsHeader, parseAacConfig } from "../../rtp/aac.ts";

const run = promisify(execFile);

export interface ClipUnit {
  readonly codec: Codec;
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  readonly pts: number;
  readonly dts: number;
}

export interface Clip {
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  /** Pictures in decode order, sound where its time comes. */
  readonly units: readonly ClipUnit[];
}

/** A test picture with B-frames, a keyframe per second, and a tone. */
export async function makeClip(ffmpeg: string, path: string, seconds: number): Promise<void> {
  const inputs = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=320x180:rate=25",
    "-f",
    "lavfi",
    "-i",
    "sine=frequency=440:sample_rate=16000",
  ];
  const video = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-bf",
    "2",
    "-g",
    "25",
    "-keyint_min",
    "25",
    "-sc_threshold",
    "0",
  ];
  const audio = ["-c:a", "aac", "-b:a", "32k"];
  await run(ffmpeg, [
    "-v",
    "error",
    "-y",
    ...inputs,
    "-t",
    String(seconds),
    ...video,
    "-pix_fmt",
    "yuv420p",
    ...audio,
    path,
  ]);
}

/** The units that ingest would make of an MP4: Annex B with parameter sets before each keyframe, ADTS. */
export async function readClip(path: string): Promise<Clip> {
  const input = new Input({ formats: [MP4], source: new FilePathSource(path) });
  try {
    const video = await input.getPrimaryVideoTrack();
    const config = await video?.getDecoderConfig();
    if (!video || !config?.description) throw new Error("no picture in the clip");
    const hevc = video.codec === "hevc";
    const sets = parameterSets(bytesOf(config.description), hevc);
    const units: ClipUnit[] = [];
    for await (const packet of new EncodedPacketSink(video).packets()) {
      const keyframe = packet.type === "key";
      const data = annexB(packet.data, keyframe ? sets : []);
      units.push({ codec: hevc ? "h265" : "h264", data, keyframe, pts: packet.microsecondTimestamp, dts: 0 });
    }
    const sound = await input.getPrimaryAudioTrack();
    const soundConfig = await sound?.getDecoderConfig();
    const sounds: ClipUnit[] = [];
    if (sound && soundConfig?.description) {
      const aac = parseAacConfig(bytesOf(soundConfig.description));
      for await (const packet of new EncodedPacketSink(sound).packets()) {
        const data = Buffer.concat([adtsHeader(aac, packet.data.byteLength), packet.data]);
        const pts = packet.microsecondTimestamp;
        if (pts >= 0) sounds.push({ codec: "aac", data: new Uint8Array(data), keyframe: true, pts, dts: pts });
      }
    }
    const { codedWidth = 0, codedHeight = 0, codec: codecString } = config;
    return { codecString, width: codedWidth, height: codedHeight, units: merge(withDts(units), sounds) };
  } finally {
    input.dispose();
  }
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source as ArrayBuffer);
}

/** Decode times are the presentation times in order. */
function withDts(units: readonly ClipUnit[]): ClipUnit[] {
  const sorted = units.map(({ pts }) => pts).sort((a, b) => a - b);
  const delay = Math.max(0, ...units.map(({ pts }, at) => (sorted[at] ?? 0) - pts));
  return units.map((unit, at) => ({ ...unit, dts: (sorted[at] ?? 0) - delay }));
}

function merge(video: readonly ClipUnit[], audio: readonly ClipUnit[]): ClipUnit[] {
  const out: ClipUnit[] = [];
  let at = 0;
  for (const unit of video) {
    for (; at < audio.length && (audio[at]?.pts ?? 0) <= unit.dts; at++) out.push(audio[at] as ClipUnit);
    out.push(unit);
  }
  return [...out, ...audio.slice(at)];
}

function parameterSets(record: Uint8Array, hevc: boolean): Uint8Array[] {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const sets: Uint8Array[] = [];
  const take = (at: number): number => {
    const length = view.getUint16(at);
    sets.push(record.subarray(at + 2, at + 2 + length));
    return at + 2 + length;
  };
  if (hevc) {
    let at = 23;
    for (let array = 0; array < (record[22] ?? 0); array++) {
      const count = view.getUint16(at + 1);
      at += 3;
      for (let i = 0; i < count; i++) at = take(at);
    }
    return sets;
  }
  let at = 6;
  for (let i = 0; i < ((record[5] ?? 0) & 31); i++) at = take(at);
  const pictures = record[at++] ?? 0;
  for (let i = 0; i < pictures; i++) at = take(at);
  return sets;
}

function annexB(packet: Uint8Array, before: readonly Uint8Array[]): Uint8Array {
  const nals = [...before];
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  for (let at = 0; at + 4 <= packet.byteLength; ) {
    const length = view.getUint32(at);
    nals.push(packet.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return new Uint8Array(Buffer.concat(nals.flatMap((nal) => [Uint8Array.of(0, 0, 0, 1), nal])));
}

export function accessUnit(unit: ClipUnit, pts: Micros, dts: Micros, arrivalTime: Micros): AccessUnit {
  const { codec, data, keyframe } = unit;
  const plain = { disposable: false, discontinuity: false, codecChange: false, cameraTime: undefined };
  return { codec, keyframe, ...plain, pts, dts, arrivalTime: micros(arrivalTime), data: [data] };
}
