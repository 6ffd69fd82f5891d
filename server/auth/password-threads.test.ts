import { pbkdf2Sync } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { spawnThread } from "../media/thread.ts";
import { bundleTo, tempFolder } from "../relay/testkit/start-relay-process.ts";
import { PasswordHasher } from "./password.ts";
import { type PasswordThread, PasswordThreads } from "./password-threads.ts";

/** A thread that ends, or answers, when the test says so. */
function handThread() {
  let answer: (hash: Uint8Array) => void = () => undefined;
  let exit: (error: unknown) => void = () => undefined;
  const thread: PasswordThread = {
    post: () => undefined,
    onMessage: (listener) => {
      answer = listener;
    },
    onExit: (listener) => {
      exit = listener;
    },
    terminate: async () => exit(undefined),
  };
  return { thread, answer: () => answer(new Uint8Array(32)), die: () => exit(new Error("out of memory")) };
}

const asked = ["secret", new Uint8Array(16), 1000, 32] as const;

it("hashes in a thread that lets all others go first, and ends it when it is not used", async () => {
  const folder = tempFolder("password-threads");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await bundleTo(folder, { worker: "server/auth/password-worker.ts" });
  const entry = pathToFileURL(join(folder, "worker.mjs"));
  const clock = new SimulatedClock();
  const before = threadPriorities();
  let ended: Promise<unknown> = Promise.resolve();
  const spawn = (): PasswordThread => {
    const thread: PasswordThread = spawnThread(entry, undefined, "password");
    ended = new Promise((resolve) => thread.onExit(resolve));
    return thread;
  };
  const threads = new PasswordThreads({ clock, concurrent: 1, spawn });
  onTestFinished(() => threads.close());

  const hasher = new PasswordHasher(2000, threads);
  const stored = await hasher.hash("copper-lantern");
  expect(await hasher.verify("copper-lantern", stored)).toBe(true);
  expect(await hasher.verify("violet-harbour", stored)).toBe(false);
  expect(Buffer.from(await threads.derive(...asked))).toEqual(
    pbkdf2Sync("secret", Buffer.alloc(16), 1000, 32, "sha256"),
  );
  if (process.platform === "linux") {
    expect(threadPriorities().filter((nice) => nice === 10)).toHaveLength(
      before.filter((nice) => nice === 10).length + 1,
    );
  }
  clock.advance(millis(60_000));
  await ended;
  expect(await hasher.verify("copper-lantern", stored)).toBe(true);
});

it("turns away what a thread took with it, and goes on with another thread", async () => {
  const hands = [handThread(), handThread()] as const;
  let started = 0;
  const threads = new PasswordThreads({
    clock: systemClock(),
    concurrent: 1,
    spawn: () => (hands[started++] ?? hands[0]).thread,
  });
  const first = threads.derive(...asked);
  hands[0].die();
  await expect(first).rejects.toMatchObject({ code: "auth.busy" });
  const second = threads.derive(...asked);
  hands[1].answer();
  expect(await second).toHaveLength(32);
  const third = threads.derive(...asked);
  expect(started).toBe(2);
  await threads.close();
  await expect(third).rejects.toMatchObject({ code: "auth.busy" });
  await expect(threads.derive(...asked)).rejects.toMatchObject({ code: "auth.busy" });
});

/** Nice values of this process's threads (proc(5), field 19 of stat). */
function threadPriorities(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/task").flatMap((id) => {
    try {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
      return [Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])];
    } catch {
      return [];
    }
  });
}
