import { createECDH } from "node:crypto";
import { WebSocket } from "ws";
import { FLAG, HEADER_BYTES, readHeader, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";
import { cameraId } from "./frame-source.ts";

/** A process with viewers that receive and count. Its one argument is `ViewerSettings` as JSON; talks over IPC. */
export interface ViewerSettings {
  readonly url: string;
  readonly viewers: number;
  /** Subscribed by each viewer; 0: only listens (the bare fan-out has no protocol). */
  readonly cameras: number;
  readonly heightPx: number;
  /** Each viewer watches other cameras than the one before. */
  readonly apart?: boolean;
}

export interface ViewerFigures {
  readonly frames: number;
  readonly bytes: number;
  readonly messages: number;
  /** Frames missing in the sequence of a stream. */
  readonly lostFrames: number;
  /** GOPs of which a frame is missing. */
  readonly lostGops: number;
}

const settings = JSON.parse(process.argv[2] ?? "{}") as ViewerSettings;
let frames = 0;
let bytes = 0;
let messages = 0;
let lostFrames = 0;
let lostGops = 0;

function countMessage(message: Buffer, last: Map<number, number>): void {
  messages++;
  bytes += message.byteLength;
  for (let offset = 0; offset + HEADER_BYTES <= message.byteLength; ) {
    const { streamId, sequence, length, flags } = readHeader(message, offset);
    const before = last.get(streamId);
    if (before !== undefined && sequence !== before + 1) {
      lostFrames += sequence - before - 1;
      lostGops++;
    } else if (before === undefined && (flags & FLAG.keyframe) === 0 && settings.cameras > 0) lostGops++;
    last.set(streamId, sequence);
    offset += sealedFrameBytes(length);
    frames++;
  }
}

function open(viewer: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(settings.url, { perMessageDeflate: false });
    const last = new Map<number, number>();
    socket.on("error", reject);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) countMessage(data, last);
    });
    socket.on("close", (code, reason) => {
      process.stderr.write(`a viewer was closed: ${code} ${reason.toString()}\n`);
    });
    socket.on("open", () => {
      if (settings.cameras > 0) {
        const publicKey = createECDH("prime256v1").generateKeys("base64");
        socket.send(JSON.stringify({ type: "hello", token: "anna", publicKey, client: "bench" }));
        socket.on("message", (data: Buffer, isBinary: boolean) => {
          if (!isBinary && data.includes('"welcome"')) socket.send(subscribe(viewer));
        });
      }
      resolve();
    });
  });
}

function subscribe(viewer: number): string {
  const first = settings.apart === true ? viewer * settings.cameras : 0;
  const cameras = Array.from({ length: settings.cameras }, (_, index) => ({
    cameraId: cameraId(first + index),
    widthPx: (settings.heightPx * 16) / 9,
    heightPx: settings.heightPx,
    visible: true,
  }));
  return JSON.stringify({ type: "subscribe", cameras });
}

await Promise.all(Array.from({ length: settings.viewers }, (_, viewer) => open(viewer)));
process.send?.("open");
process.on("message", () => {
  process.send?.({ frames, bytes, messages, lostFrames, lostGops } satisfies ViewerFigures);
});
process.on("disconnect", () => process.exit(0));
