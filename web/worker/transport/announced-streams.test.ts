import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import { AnnouncedStreams } from "./announced-streams.ts";
import { frame } from "./testkit/frames.ts";

const CAMERA = "11111111-1111-4111-8111-111111111111";
const announcement = (streamId: number): Extract<ServerMessage, { type: "stream" }> => ({
  type: "stream",
  cameraId: CAMERA,
  streamId,
  role: "sub",
  level: "grid",
});

function setUp() {
  const seen: string[] = [];
  const streams = new AnnouncedStreams(({ header }) => seen.push(`${header.streamId}:${header.sequence}`));
  return { seen, streams };
}

describe("AnnouncedStreams (W70)", () => {
  it("holds frames until their stream is announced", () => {
    const { seen, streams } = setUp();
    streams.frame(frame(1, 0, true));
    streams.frame(frame(1, 1));
    expect(seen).toEqual([]);
    streams.announce(announcement(1));
    streams.frame(frame(1, 2));
    expect(seen).toEqual(["1:0", "1:1", "1:2"]);
  });

  it("holds the newest GOP only, and nothing without its keyframe", () => {
    const { seen, streams } = setUp();
    streams.frame(frame(1, 1));
    streams.frame(frame(1, 2, true));
    streams.frame(frame(1, 3));
    streams.frame(frame(1, 4, true));
    streams.announce(announcement(1));
    expect(seen).toEqual(["1:4"]);
  });

  it("forgets what it holds over 4 MiB", () => {
    const { seen, streams } = setUp();
    streams.frame(frame(1, 0, true, 3_000_000));
    streams.frame(frame(1, 1, false, 3_000_000));
    streams.frame(frame(1, 2));
    streams.announce(announcement(1));
    expect(seen).toEqual([]);
  });

  it("holds a camera's earlier stream again after the change to another", () => {
    const { seen, streams } = setUp();
    streams.announce(announcement(1));
    streams.announce(announcement(2));
    streams.frame(frame(1, 8));
    streams.frame(frame(1, 9, true));
    expect(seen).toEqual([]);
    streams.announce(announcement(1));
    expect(seen).toEqual(["1:9"]);
  });

  it("forgets cameras that are left", () => {
    const { seen, streams } = setUp();
    streams.announce(announcement(1));
    streams.forget([CAMERA]);
    streams.frame(frame(1, 1));
    expect(seen).toEqual([]);
  });
});
