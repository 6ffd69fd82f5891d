import { createECDH, hkdfSync, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { type AeadKey, type FluxCrypto, SUITE_IDS, type Suite } from "../../shared/crypto/crypto.ts";
import { type Clock, systemClock, type Timer } from "../../shared/lib/clock.ts";
import { type Micros, micros, millis } from "../../shared/lib/time.ts";
import { CODEC_IDS, type VideoCodec } from "../../shared/media/types.ts";
import { clientMessage, type ServerMessage } from "../../shared/wire/control-messages.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { FLAG, HEADER_BYTES, sealedFrameBytes, writeHeader } from "../../shared/wire/sealed-frame.ts";
import type { StreamUnit } from "./annexb-units.ts";

/** What a camera of the feeder plays, endlessly. */
export interface FedCamera {
  readonly cameraId: string;
  readonly streamId: number;
  readonly codec: VideoCodec;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly units: readonly StreamUnit[];
  /** Presentation order of the units, for B-frames; decode order when absent. In frames, relative to the unit's index. */
  readonly ptsOffset?: readonly number[];
  /** Where in the clip the camera starts. */
  readonly startAt?: number;
  /** Play only this many units, then stand still. */
  readonly units_limit?: number;
}

interface Client {
  readonly socket: WebSocket;
  readonly session: AeadKey;
  readonly cameras: Map<string, { started: boolean }>;
}

const KEY_ID = 7;
const GENERATION = 3;

/**
 * A small server of the live protocol over WebSocket, for tests and benchmarks of the wall alone: it seals clips and
 * sends them in real time. No authentication, no quality steps, no GOP cache: a client starts at the next keyframe.
 */
export class WallFeeder {
  readonly #crypto: FluxCrypto;
  readonly #clock: Clock;
  readonly #suite: Suite;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<Client>();
  readonly #cameras = new Map<string, PlayingCamera>();
  readonly #timers: Timer[] = [];
  /** Messages that clients sent, oldest first. */
  readonly received: unknown[] = [];
  /** While true, `need_key` is not answered and no key is granted. */
  withholdKeys = false;

  constructor(crypto: FluxCrypto, options: { clock?: Clock; suite?: Suite } = {}) {
    this.#crypto = crypto;
    this.#clock = options.clock ?? systemClock();
    this.#suite = options.suite ?? "LEA-256-GCM";
    this.#http = createServer();
    this.#sockets = new WebSocketServer({ server: this.#http, perMessageDeflate: false });
    this.#sockets.on("connection", (socket) => this.#accept(socket));
  }

  /** Resolves with the port. */
  listen(port = 0): Promise<number> {
    return new Promise((resolve) => {
      this.#http.listen(port, "127.0.0.1", () => resolve((this.#http.address() as AddressInfo).port));
    });
  }

  add(camera: FedCamera): void {
    const playing = new PlayingCamera(camera, this.#crypto, this.#suite);
    this.#cameras.set(camera.cameraId, playing);
    const periodMs = 1000 / camera.framesPerSecond;
    const startMs = this.#clock.monotonicMs();
    let sent = 0;
    // Due times from the start, so that timers' lateness does not add up.
    this.#timers.push(
      this.#clock.every(millis(Math.max(4, periodMs / 4)), () => {
        while (this.#clock.monotonicMs() - startMs >= sent * periodMs) {
          sent++;
          this.#send(playing);
        }
      }),
    );
  }

  /** Says something to every client. */
  broadcast(message: ServerMessage): void {
    for (const client of this.#clients) say(client.socket, message);
  }

  grantKeys(): void {
    for (const client of this.#clients) for (const cameraId of client.cameras.keys()) this.#grant(client, cameraId);
  }

  /** Drops every connection, as a restarting server does. */
  dropClients(): void {
    for (const { socket } of this.#clients) socket.terminate();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.dropClients();
    this.#sockets.close();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #accept(socket: WebSocket): void {
    let client: Client | undefined;
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      if (client) this.#clients.delete(client);
    });
    socket.on("message", (data) => {
      const message = clientMessage.parse(JSON.parse(String(data)));
      this.received.push(message);
      if (message.type === "hello") {
        client = this.#welcome(socket, message.publicKey);
        return;
      }
      if (!client) return;
      if (message.type === "ping") {
        say(socket, { type: "pong", t: message.t, serverTimeMicros: this.#clock.utcMicros() });
      } else if (message.type === "subscribe") {
        for (const { cameraId } of message.cameras) this.#subscribe(client, cameraId);
      } else if (message.type === "unsubscribe") {
        for (const cameraId of message.cameraIds) client.cameras.delete(cameraId);
      } else if (message.type === "need_key") {
        this.#grant(client, message.cameraId);
      }
    });
  }

  #welcome(socket: WebSocket, clientPublicBase64: string): Client {
    const ecdh = createECDH("prime256v1");
    const serverPublic = ecdh.generateKeys();
    const clientPublic = Buffer.from(clientPublicBase64, "base64");
    const salt = randomBytes(32);
    const info = Buffer.concat([Buffer.from("fluxvision session v1"), clientPublic, serverPublic]);
    const sessionKey = new Uint8Array(hkdfSync("sha256", ecdh.computeSecret(clientPublic), salt, info, 32));
    const client = { socket, session: this.#crypto.importKey("ARIA-256-GCM", sessionKey), cameras: new Map() };
    this.#clients.add(client);
    say(socket, {
      type: "welcome",
      connectionId: randomBytes(8).toString("hex"),
      publicKey: serverPublic.toString("base64"),
      salt: salt.toString("base64"),
      serverTimeMicros: this.#clock.utcMicros(),
      tokenExpiresAtMicros: this.#clock.utcMicros() + 900e6,
      quotaKbps: 50_000,
    });
    return client;
  }

  #subscribe(client: Client, cameraId: string): void {
    const playing = this.#cameras.get(cameraId);
    if (!playing) {
      say(client.socket, { type: "denied", cameraId, code: "camera.not_found" });
      return;
    }
    if (client.cameras.has(cameraId)) return;
    client.cameras.set(cameraId, { started: false });
    const { streamId, codec, codecString, width, height, framesPerSecond } = playing.camera;
    const format = { codec, codecString, width, height, fps: framesPerSecond };
    say(client.socket, { type: "camera_status", cameraId, state: "online" });
    say(client.socket, { type: "stream", cameraId, streamId, role: "sub", level: "grid", format });
    this.#grant(client, cameraId);
  }

  #grant(client: Client, cameraId: string): void {
    const playing = this.#cameras.get(cameraId);
    if (!playing || this.withholdKeys) return;
    const epoch = epochAt(this.#clock.utcMicros());
    const keys = [epoch, epoch + 1].map((number) => playing.grant(number, client.session));
    say(client.socket, { type: "keys", keys });
  }

  #send(playing: PlayingCamera): void {
    const frame = playing.next(this.#clock.utcMicros());
    if (!frame) return;
    for (const { socket, cameras } of this.#clients) {
      const subscription = cameras.get(playing.camera.cameraId);
      if (!subscription) continue;
      if (frame.keyframe) subscription.started = true;
      if (subscription.started && socket.bufferedAmount < 8 * 1024 * 1024) socket.send(frame.bytes);
    }
  }
}

function say(socket: WebSocket, message: ServerMessage): void {
  socket.send(JSON.stringify(message));
}

class PlayingCamera {
  readonly camera: FedCamera;
  readonly #crypto: FluxCrypto;
  readonly #suite: Suite;
  readonly #keys = new Map<number, { readonly raw: Uint8Array; readonly aead: AeadKey }>();
  #sent = 0;

  constructor(camera: FedCamera, crypto: FluxCrypto, suite: Suite) {
    this.camera = camera;
    this.#crypto = crypto;
    this.#suite = suite;
  }

  next(now: Micros): { readonly bytes: Uint8Array; readonly keyframe: boolean } | undefined {
    const { camera } = this;
    const count = this.#sent++;
    if (camera.units_limit !== undefined && count >= camera.units_limit) return undefined;
    const index = (count + (camera.startAt ?? 0)) % camera.units.length;
    const unit = camera.units[index];
    if (!unit) return undefined;
    const period = 1_000_000 / camera.framesPerSecond;
    const ptsMinusDts = Math.round((camera.ptsOffset?.[index] ?? 0) * period);
    const epoch = epochAt(now);
    const nonce = new Uint8Array(12);
    const nonceView = new DataView(nonce.buffer);
    nonceView.setUint32(0, GENERATION);
    nonceView.setUint32(4, camera.streamId);
    nonceView.setUint32(8, count);
    const bytes = new Uint8Array(sealedFrameBytes(unit.data.length));
    const header = {
      suite: SUITE_IDS[this.#suite],
      flags: unit.keyframe ? FLAG.keyframe : 0,
      codec: CODEC_IDS[camera.codec],
      streamId: camera.streamId,
      keyId: KEY_ID,
      epoch,
      length: unit.data.length,
      sequence: count,
      captureTime: now,
      pts: micros(Math.round(count * period) + ptsMinusDts),
      ptsMinusDts: micros(ptsMinusDts),
      arrivalTime: now,
      nonce,
    };
    writeHeader(header, bytes, 0);
    this.#key(epoch).aead.sealInto(nonce, bytes.subarray(0, HEADER_BYTES), unit.data, bytes, HEADER_BYTES);
    return { bytes, keyframe: unit.keyframe };
  }

  grant(epoch: number, session: AeadKey) {
    const { cameraId } = this.camera;
    const name = new Uint8Array(12);
    const view = new DataView(name.buffer);
    view.setUint32(0, KEY_ID);
    view.setUint32(4, GENERATION);
    view.setUint32(8, epoch);
    const aad = Buffer.concat([Buffer.from(`fluxvision grant v1${cameraId}`), name]);
    const wrapped = new Uint8Array(12 + 32 + 16);
    wrapped.set(randomBytes(12));
    session.sealInto(wrapped.slice(0, 12), aad, this.#key(epoch).raw, wrapped, 12);
    const suite = SUITE_IDS[this.#suite];
    return {
      cameraId,
      keyId: KEY_ID,
      generation: GENERATION,
      epoch,
      suite,
      wrapped: Buffer.from(wrapped).toString("base64"),
    };
  }

  #key(epoch: number): { readonly raw: Uint8Array; readonly aead: AeadKey } {
    let key = this.#keys.get(epoch);
    if (!key) {
      const raw = new Uint8Array(randomBytes(32));
      key = { raw, aead: this.#crypto.importKey(this.#suite, raw) };
      this.#keys.set(epoch, key);
    }
    return key;
  }
}
