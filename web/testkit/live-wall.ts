import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { FromWall, TileSpec, TileStats } from "../engine/worker-protocol.ts";
import { Wall, type WallDeps } from "../worker/wall.ts";
import { FakeBackend, settled } from "./fake-decoder.ts";
import { FakeRenderer } from "./fake-renderer.ts";
import { h264Delta, h264Keyframe } from "./h264.ts";
import { MemoryLink } from "./memory-link.ts";
import { TestSealer } from "./sealing.ts";

export const CAMERA = "11111111-2222-4333-8444-555555555555";
export const SUB = 3;
export const MAIN = 4;
export const sessionKey = (): Uint8Array => new Uint8Array(32).fill(9);

export function tile(changes: Partial<TileSpec> = {}): TileSpec {
  return { tileId: "tile", cameraId: CAMERA, x: 0, y: 0, width: 320, height: 180, fit: "contain", ...changes };
}

/** A wall of one tile with a server, a decoder and a screen that do what the test says. */
export class LiveWall {
  readonly clock = new SimulatedClock();
  readonly backend = new FakeBackend();
  readonly link = new MemoryLink();
  readonly renderers: FakeRenderer[] = [];
  /** Why no renderer can be made. */
  refuseRenderers: string | undefined;
  /** What waits for the next animation frame. */
  readonly frames: (() => void)[] = [];
  readonly posts: FromWall[] = [];
  readonly sealer: TestSealer;
  readonly wall: Wall;

  private constructor(deps: WallDeps["crypto"], others: Partial<WallDeps>) {
    this.sealer = new TestSealer(deps, { cameraId: CAMERA, keyId: 1, generation: 1, epoch: 1 });
    this.wall = new Wall({
      clock: this.clock,
      crypto: deps,
      backend: this.backend,
      createLink: this.link.create,
      openArchive: () => Promise.reject(new Error("no archive here")),
      shrink: () => Promise.reject(new Error("no bitmaps here")),
      copy: (bitmap) => Promise.resolve(bitmap),
      createRenderer: async () => {
        if (this.refuseRenderers !== undefined) throw new Error(this.refuseRenderers);
        const renderer = new FakeRenderer();
        this.renderers.push(renderer);
        return renderer;
      },
      requestFrame: (run) => this.frames.push(run),
      post: (message) => this.posts.push(message),
      ...others,
    });
  }

  /** With one tile, connected; `others` replace what it is made of. */
  static async open(others: Partial<WallDeps> = {}): Promise<LiveWall> {
    const bench = new LiveWall(await loadFluxCrypto(), others);
    const { wall, clock, link } = bench;
    await wall.start();
    wall.setTiles([tile()]);
    clock.advance(millis(50));
    wall.connect({ token: "t", webSocketUrl: "ws://server/", webTransport: undefined });
    link.open(sessionKey());
    return bench;
  }

  get renderer(): FakeRenderer {
    return this.renderers.at(-1) as FakeRenderer;
  }
  get stats(): TileStats {
    const [first] = this.wall.stats().tiles;
    if (!first) throw new Error("no tile");
    return first;
  }

  announce(streamId = SUB, role: "main" | "sub" = "sub"): void {
    this.link.say({ type: "stream", cameraId: CAMERA, streamId, role, level: "grid" });
  }

  grant(): void {
    this.link.say({ type: "keys", keys: [this.sealer.grant(sessionKey())] });
  }

  send(keyframe: boolean, streamId = SUB): void {
    const payload = keyframe ? h264Keyframe() : h264Delta();
    this.link.frame(this.sealer.seal({ streamId, payload, keyframe }));
  }

  async animate(): Promise<void> {
    for (const run of this.frames.splice(0)) run();
    await settled();
  }

  /** Until the stream's first picture is on the screen. */
  async play(streamId = SUB): Promise<void> {
    this.announce(streamId);
    this.grant();
    this.send(true, streamId);
    await settled();
    this.backend.last.output();
    await this.animate();
  }

  close(): Promise<void> {
    return this.wall.close();
  }
}
