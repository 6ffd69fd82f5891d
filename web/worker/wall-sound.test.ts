import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { millis } from "../../shared/lib/time.ts";
import { FLAG } from "../../shared/wire/sealed-frame.ts";
import { CAMERA, LiveWall, SUB } from "../testkit/live-wall.ts";

let bench: LiveWall;

beforeEach(async () => {
  bench = await LiveWall.open();
});
afterEach(() => bench.close());

describe("live sound on the wall", () => {
  const hear = (tileId?: string): void => {
    bench.wall.playback(tileId === undefined ? { kind: "hear" } : { kind: "hear", tileId });
    bench.clock.advance(millis(50));
  };
  const pieces = () => bench.posts.flatMap((post) => (post.type === "sound" ? [post.piece] : []));
  const say = () =>
    bench.link.frame(
      bench.sealer.seal({ streamId: SUB, payload: new Uint8Array(160), codec: "pcmu", flags: FLAG.audio }),
    );

  test("of a live tile is asked for, heard, and given up with the wish", async () => {
    await bench.play();
    say();
    expect(pieces()).toEqual([]);
    hear("tile");
    expect(bench.link.subscribed.at(-1)).toMatchObject([{ cameraId: CAMERA, audio: true }]);
    say();
    expect(pieces()).toMatchObject([{ sampleRate: 8000 }]);
    hear();
    expect(bench.link.subscribed.at(-1)?.[0]).not.toHaveProperty("audio");
    expect(pieces().at(-1)).toBeUndefined();
  });

  test("is neither sent nor heard while nobody can see the wall, nor of a camera that may not be seen", async () => {
    await bench.play();
    hear("tile");
    bench.wall.setVisible(false);
    bench.clock.advance(millis(50));
    expect(bench.link.subscribed.at(-1)?.[0]).not.toHaveProperty("audio");
    bench.wall.setVisible(true);
    bench.clock.advance(millis(50));
    bench.link.say({ type: "denied", cameraId: CAMERA, code: "auth.forbidden" });
    say();
    expect(pieces().filter((piece) => piece !== undefined)).toEqual([]);
  });
});
