import { createECDH } from "node:crypto";
import { WebSocket } from "ws";
import { HEADER_BYTES, readHeader, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";

/** A process that watches cameras and notes when each frame came. Talks over IPC: "begin", then "end" for the samples. */
export interface ViewerOrder {
  readonly url: string;
  readonly token: string;
  readonly cameraIds: readonly string[];
}

export interface ViewerSamples {
  readonly frames: number;
  /** Frames missing in the sequence of a stream. */
  readonly lost: number;
  /** From the camera's stamp to here, ms; only differences mean something. */
  readonly ageMs: readonly number[];
  /** Between two frames of a stream, less what the camera's stamps are apart, ms. */
  readonly jitterMs: readonly number[];
}

const order = JSON.parse(process.argv[2] ?? "{}") as ViewerOrder;
const last = new Map<number, { sequence: number; capture: number; at: number }>();
let samples = { frames: 0, lost: 0, ageMs: [] as number[], jitterMs: [] as number[] };

function look(message: Buffer): void {
  const at = performance.timeOrigin + performance.now();
  for (let offset = 0; offset + HEADER_BYTES <= message.byteLength; ) {
    const { streamId, sequence, length, captureTime } = readHeader(message, offset);
    const capture = captureTime / 1000;
    const before = last.get(streamId);
    if (before !== undefined) {
      samples.lost += Math.max(0, sequence - before.sequence - 1);
      samples.jitterMs.push(Math.abs(at - before.at - (capture - before.capture)));
    }
    last.set(streamId, { sequence, capture, at });
    samples.frames++;
    samples.ageMs.push(at - capture);
    offset += sealedFrameBytes(length);
  }
}

const socket = new WebSocket(order.url, { perMessageDeflate: false });
socket.on("error", (error) => {
  process.stderr.write(`the viewer failed: ${error.message}\n`);
  process.exit(1);
});
socket.on("close", (code, reason) => {
  process.stderr.write(`the viewer was closed: ${code} ${reason.toString()}\n`);
  process.exit(1);
});
socket.on("open", () => {
  const publicKey = createECDH("prime256v1").generateKeys("base64");
  socket.send(JSON.stringify({ type: "hello", token: order.token, publicKey, client: "bench" }));
});
socket.on("message", (data: Buffer, isBinary: boolean) => {
  if (isBinary) {
    if (samples.frames === 0) process.send?.("open");
    look(data);
  } else if (data.includes('"welcome"')) {
    const cameras = order.cameraIds.map((cameraId) => ({ cameraId, widthPx: 640, heightPx: 360, visible: true }));
    socket.send(JSON.stringify({ type: "subscribe", cameras }));
  }
});
process.on("message", (message) => {
  if (message === "end") process.send?.(samples satisfies ViewerSamples);
  samples = { frames: 1, lost: 0, ageMs: [], jitterMs: [] };
});
process.on("disconnect", () => process.exit(0));
