import { describe, expect, test } from "vitest";
import { type CameraFacts, tileCondition } from "./tile-state.ts";

const base: CameraFacts = {
  nowMs: 100_000,
  connection: "open",
  wallVisible: true,
  deniedCode: undefined,
  cameraState: "online",
  cameraReason: undefined,
  level: "grid",
  streamKnown: true,
  decoder: { phase: "running" },
  waitingForKey: false,
  hasPicture: false,
  lastPictureMs: undefined,
  lastBytesMs: undefined,
  bytesSinceMs: undefined,
  pictureIntervalMs: undefined,
};
const bytes = { lastBytesMs: 99_900, bytesSinceMs: 99_000 };
const frozen = { hasPicture: true, lastPictureMs: 90_000 };

describe("tileCondition", () => {
  test.each<[string, Partial<CameraFacts>, string, string | undefined]>([
    ["a fresh picture", { hasPicture: true, lastPictureMs: 99_000 }, "live", undefined],
    [
      "a fresh picture while the server is away",
      { lastPictureMs: 99_000, connection: "reconnecting" },
      "live",
      undefined,
    ],
    ["no permission", { deniedCode: "auth.forbidden", lastPictureMs: 99_000 }, "error", "denied"],
    ["a disabled camera", { cameraState: "disabled", lastPictureMs: 99_000 }, "error", "camera-disabled"],
    ["a wrong password", { cameraState: "unauthorised" }, "error", "camera-unauthorised"],
    ["a camera that is off", { cameraState: "offline" }, "error", "camera-offline"],
    ["a camera that went off", { cameraState: "offline", ...frozen }, "stalled", "camera-offline"],
    ["a camera being called", { cameraState: "connecting" }, "waiting", "connecting"],
    ["no connection yet", { connection: "connecting" }, "waiting", "connecting"],
    ["a lost server", { connection: "reconnecting", ...frozen }, "stalled", "server-unreachable"],
    ["no stream yet", { streamKnown: false, decoder: undefined }, "waiting", "connecting"],
    ["no keyframe yet", {}, "waiting", "waiting-keyframe"],
    ["a hidden wall", { wallVisible: false, ...frozen }, "stalled", "paused"],
    ["a paused stream", { level: "paused" }, "waiting", "paused"],
    [
      "a codec that cannot be decoded",
      { decoder: { phase: "unsupported", detail: "hev1" } },
      "error",
      "codec-unsupported",
    ],
    ["frames without a key", { ...bytes, waitingForKey: true }, "waiting", "no-key"],
    ["a decoder that fails", { ...bytes, decoder: { phase: "failed", detail: "x" } }, "error", "decode-failed"],
    ["bytes without pictures for 3 s", { ...bytes, bytesSinceMs: 96_900 }, "error", "no-pictures"],
    ["bytes without new pictures", { ...bytes, ...frozen, bytesSinceMs: 96_900 }, "stalled", "no-pictures"],
    ["bytes since a moment", bytes, "waiting", "waiting-keyframe"],
  ])("%s", (_, facts, state, reason) => {
    const condition = tileCondition({ ...base, ...facts });
    expect([condition.state, condition.reason]).toEqual([state, reason]);
  });

  test("a stream thinned to keyframes is not stalled between them", () => {
    const slow = { hasPicture: true, lastPictureMs: 95_000, pictureIntervalMs: 4000 };
    expect(tileCondition({ ...base, ...slow }).state).toBe("live");
    expect(tileCondition({ ...base, ...slow, lastPictureMs: 79_000, pictureIntervalMs: 60_000 }).state).toBe("stalled");
  });

  test("the detail names the codec and the camera's own error", () => {
    const decoder = { phase: "unsupported", detail: "hev1.1.6.L93" } as const;
    expect(tileCondition({ ...base, decoder }).detail).toBe("hev1.1.6.L93");
    expect(tileCondition({ ...base, cameraState: "offline", cameraReason: "refused" }).detail).toBe("refused");
  });
});
