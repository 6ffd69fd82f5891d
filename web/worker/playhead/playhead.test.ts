import { expect, test } from "vitest";
import { micros } from "../../../shared/lib/time.ts";
import { fakeFrame } from "../../testkit/fake-decoder.ts";
import { FrameLedger } from "../decode/frame-ledger.ts";
import { Playhead } from "./playhead.ts";

function setUp() {
  const ledger = new FrameLedger();
  const playhead = new Playhead();
  const offer = (ptsMs: number) => {
    const owned = ledger.own(fakeFrame(ptsMs * 1000));
    const picture = { owned, pts: micros(ptsMs * 1000), captureTime: micros(0), colour: undefined };
    playhead.offer(picture);
    return picture;
  };
  return { ledger, playhead, offer };
}

test("the newest picture is shown; the one that it replaces is closed", () => {
  const { ledger, playhead, offer } = setUp();
  offer(0);
  const second = offer(40);
  expect(ledger.openFrames).toBe(1);
  expect(playhead.replaced).toBe(1);
  expect(playhead.take()).toBe(second);
  expect(playhead.take()).toBeUndefined();
});

test("a picture older than the one shown is never shown", () => {
  const { ledger, playhead, offer } = setUp();
  offer(80);
  playhead.take()?.owned.close();
  offer(40);
  expect(playhead.waiting).toBe(false);
  expect(playhead.late).toBe(1);
  expect(ledger.openFrames).toBe(0);
});

test("a large step back is a new beginning", () => {
  const { playhead, offer } = setUp();
  offer(60_000);
  playhead.take();
  const first = offer(0);
  expect(playhead.take()).toBe(first);
});

test("after a switch of streams any time stamp is good", () => {
  const { playhead, offer } = setUp();
  offer(1000);
  playhead.take();
  playhead.restart();
  const other = offer(500);
  expect(playhead.take()).toBe(other);
});

test("close closes what waits", () => {
  const { ledger, playhead, offer } = setUp();
  offer(0);
  playhead.close();
  expect(ledger.openFrames).toBe(0);
});
