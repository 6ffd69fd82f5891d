import { expect, it } from "vitest";
import { statusBody } from "./camera-status.ts";
import type { CameraStatus } from "./media-plane.ts";

const status: CameraStatus = {
  cameraId: "a",
  state: "offline",
  reason: "sub stream: nothing listens at 10.0.0.9:554",
  reasonCode: "rtsp.refused",
  streams: [
    {
      streamId: 1,
      role: "sub",
      state: "offline",
      format: undefined,
      audioFormat: undefined,
      fps: 0,
      bitrateKbps: 0,
      lastFrameAt: undefined,
      reconnects: 3,
      lastError: "nothing listens at 10.0.0.9:554",
      lastErrorCode: "rtsp.refused",
      clockOffsetMs: 12,
      clockDriftPpm: 40,
      lostPackets: 0,
      droppedFrames: 0,
      transport: undefined,
    },
  ],
};

it("tells administrators the error's own words", () => {
  const body = statusBody(status, true, true);
  expect([body.lastError, body.streams[0]?.lastError]).toEqual(Array(2).fill("nothing listens at 10.0.0.9:554"));
  expect(body.streams[0]).toMatchObject({ clockOffsetMs: 12, clockDriftPpm: 40 });
});

it.each([
  ["rtsp.refused", "the camera cannot be reached"],
  ["constructor", "no pictures can be had from the camera"],
  [undefined, "no pictures can be had from the camera"],
])("tells others what kind of error %s is, and no address", (code, text) => {
  const streams = status.streams.map((stream) => ({ ...stream, lastErrorCode: code }));
  const shown = statusBody({ ...status, reasonCode: code, streams }, true, false);
  expect([shown.lastError, shown.streams[0]?.lastError]).toEqual([text, text]);
  const { lastError } = statusBody({ ...status, reasonCode: code, streams: [] }, true, false);
  expect(lastError).toBe(text);
  expect(JSON.stringify(shown)).not.toContain("10.0.0.9");
});
