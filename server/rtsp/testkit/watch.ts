import { errorCode } from "../../../shared/lib/errors.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { AccessUnit, StreamFormat } from "../../../shared/media/types.ts";
import { OutboundGuard } from "../../net/outbound-guard.ts";
import { startPull } from "../pull.ts";
import type { Pull, PullOptions } from "../pull-types.ts";
import { FakeCamera, goodAnswer, type Script } from "./fake-camera.ts";

/** A pull and what came of it. Time moves only by `clock.advance`. */
export interface Watched {
  readonly pull: Pull;
  readonly clock: SimulatedClock;
  readonly units: { codec: string; keyframe: boolean; discontinuity: boolean; bytes: number }[];
  readonly formats: [StreamFormat, StreamFormat | undefined][];
  readonly session: { transport?: string; server?: string | undefined };
  /** Resolves when so many units have come. */
  got(count: number): Promise<void>;
  /** The code that the pull ended with. */
  readonly ended: Promise<string | undefined>;
  playing: Promise<void>;
}

const cameras: FakeCamera[] = [];
const pulls: Pull[] = [];

/** A scripted camera that `closeAll` ends. */
export async function camera(script?: Script, tls?: { key: string; cert: string }): Promise<FakeCamera> {
  const started = await FakeCamera.start(script, tls);
  cameras.push(started);
  return started;
}

/** Pulls; `closeAll` ends it. */
export function watch(url: string, options: Partial<PullOptions> = {}, onUnit?: (unit: AccessUnit) => void): Watched {
  const clock = new SimulatedClock();
  const units: Watched["units"] = [];
  const formats: Watched["formats"] = [];
  const session: Watched["session"] = {};
  const waiting: { count: number; resolve: () => void }[] = [];
  let isPlaying: () => void = () => undefined;
  const playing = new Promise<void>((resolve) => {
    isPlaying = resolve;
  });
  const pull = startPull(
    {
      url,
      transport: "tcp",
      allowUntrustedCertificate: false,
      clock,
      connectTimeout: millis(5000),
      stallTimeout: millis(10_000),
      // The scripted cameras are on this machine.
      outbound: new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" }),
      ...options,
    },
    {
      onAccessUnit(unit) {
        onUnit?.(unit);
        units.push({
          codec: unit.codec,
          keyframe: unit.keyframe,
          discontinuity: unit.discontinuity,
          bytes: unit.data.reduce((sum, piece) => sum + piece.length, 0),
        });
        for (const entry of waiting) if (units.length >= entry.count) entry.resolve();
      },
      onFormat: (format, audio) => formats.push([format, audio]),
      onSession: (info) => {
        Object.assign(session, info);
        isPlaying();
      },
    },
  );
  pulls.push(pull);
  return {
    pull,
    clock,
    units,
    formats,
    session,
    playing,
    ended: pull.done.catch((error: unknown) => errorCode(error)),
    got: (count) =>
      units.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
  };
}

/** After each test. */
export async function closeAll(): Promise<void> {
  await Promise.all(pulls.splice(0).map((pull) => pull.close()));
  await Promise.all(cameras.splice(0).map((fake) => fake.close()));
}

/** Changes single answers (method in lower case) of a good camera. */
export const except =
  (changes: Record<string, Script>): Script =>
  (request, socket) =>
    (changes[request.method.toLowerCase()] ?? goodAnswer)(request, socket);
