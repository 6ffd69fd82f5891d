import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CAMERA_A, CAMERA_B, RelayHarness, route, sub, subscribe } from "./testkit/harness.ts";

let harness: RelayHarness;
beforeEach(() => {
  harness = new RelayHarness();
  harness.addUser("anna", [CAMERA_A, CAMERA_B]);
  harness.addUser("ben", [CAMERA_B]);
});
afterEach(() => harness.close());

const UNKNOWN_CAMERA = "33333333-3333-4333-8333-333333333333";

describe("authorisation", () => {
  it("sends frames only after hello, and only of cameras that the viewer may see", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A, CAMERA_B]);
    const ben = await harness.viewer("ben", [CAMERA_A, CAMERA_B, UNKNOWN_CAMERA]);
    await harness.publish(sub(1));
    await harness.publish(sub(11));
    expect(anna.frames.map((frame) => frame.header.streamId)).toEqual([1, 11]);
    expect(ben.frames.map((frame) => frame.header.streamId)).toEqual([11]);
    const denied = ben.control.filter((message) => message.type === "denied");
    // One answer for "not yours" and "does not exist".
    expect(denied).toEqual([
      { type: "denied", cameraId: CAMERA_A, code: "auth.camera_denied" },
      { type: "denied", cameraId: UNKNOWN_CAMERA, code: "auth.camera_denied" },
    ]);
    expect(ben.control.filter((message) => message.type === "keys").flatMap((message) => message.keys)).toMatchObject([
      { cameraId: CAMERA_B },
      { cameraId: CAMERA_B },
    ]);
  });

  it("closes who subscribes before hello, sends hello twice or a bad hello", async () => {
    const early = harness.connect();
    early.receive(subscribe([CAMERA_A], 200));
    expect(early.closedWith).toBe("auth.required");
    const twice = await harness.viewer("anna", []);
    twice.receive({ type: "hello", token: "ben", publicKey: "BA==", client: "x" });
    expect(twice.closedWith).toBe("relay.bad_message");
    const bad = harness.connect();
    bad.receive({ type: "hello", token: 5 });
    expect(bad.closedWith).toBe("relay.bad_message");
    const noJson = harness.connect();
    noJson.receive("{");
    expect(noJson.closedWith).toBe("relay.bad_message");
  });

  it("refuses an unknown token and says so", async () => {
    const stranger = harness.connect();
    stranger.receive({ type: "hello", token: "forged", publicKey: "BA==", client: "x" });
    await harness.settle();
    expect(stranger.last("session_expired")?.code).toBe("auth.token_invalid");
    expect(stranger.closedWith).toBe("auth.token_invalid");
  });

  it("waits five seconds for hello", () => {
    const silent = harness.connect();
    harness.advance(4999);
    expect(silent.closedWith).toBeUndefined();
    harness.advance(1);
    expect(silent.closedWith).toBe("relay.no_hello");
  });

  it("gives no key of a camera that is not subscribed or not permitted", async () => {
    const ben = await harness.viewer("ben", [CAMERA_B]);
    const before = harness.authority.calls.length;
    ben.receive({ type: "need_key", cameraId: CAMERA_A, keyId: 1, generation: 1, epoch: 1 });
    await harness.settle();
    expect(ben.last("denied")?.cameraId).toBe(CAMERA_A);
    expect(harness.authority.calls.length).toBe(before);
    ben.receive({ type: "need_key", cameraId: CAMERA_B, keyId: 1, generation: 1, epoch: 7 });
    await harness.settle();
    expect(ben.last("keys")?.keys).toMatchObject([{ cameraId: CAMERA_B, epoch: 7 }]);
  });
});

describe("the end of a session", () => {
  it("stops frames at once and says why", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A]);
    const ben = await harness.viewer("ben", [CAMERA_B]);
    const camera = sub(1);
    await harness.publish(camera);
    harness.relay.handle({ type: "end-session", sessionId: "session-anna", code: "auth.signed_out" });
    expect(anna.last("session_expired")?.code).toBe("auth.signed_out");
    expect(anna.closedWith).toBe("auth.signed_out");
    await harness.publish(camera, 3);
    expect(anna.frames).toHaveLength(1);
    expect(ben.closedWith).toBeUndefined();
    expect(harness.posted.filter((message) => message.type === "viewer-closed")).toHaveLength(1);
  });

  it("comes when the token runs out, and later with a renewed token", async () => {
    harness.addUser("short", [CAMERA_A], 10_000);
    const lapsed = await harness.viewer("short", [CAMERA_A]);
    const renewed = await harness.viewer("short", [CAMERA_A]);
    harness.addUser("short", [CAMERA_A], 60_000);
    renewed.receive({ type: "renew", token: "short" });
    await harness.settle();
    harness.advance(10_000);
    expect(lapsed.closedWith).toBe("auth.token_expired");
    expect(renewed.closedWith).toBeUndefined();
    harness.advance(50_000);
    expect(renewed.closedWith).toBe("auth.token_expired");
  });

  it("comes with a renewal by a token of another session", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A]);
    anna.receive({ type: "renew", token: "ben" });
    await harness.settle();
    expect(anna.closedWith).toBe("auth.token_invalid");
  });
});

describe("a change of permissions", () => {
  it("ends a camera's frames", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A, CAMERA_B]);
    const [a, b] = [sub(1), sub(11)];
    await harness.publish(a);
    await harness.publish(b);
    harness.authority.permit("anna", [CAMERA_B]);
    harness.relay.handle({ type: "access-changed", userId: "anna" });
    await harness.settle();
    await harness.publish(a);
    expect(anna.last("denied")?.cameraId).toBe(CAMERA_A);
    expect(anna.frames).toHaveLength(2);
    await harness.publish(b);
    expect(anna.frames).toHaveLength(3);
    harness.advance(5000);
    expect(anna.closedWith).toBeUndefined();
  });

  it("wins over an answer that was given before it", async () => {
    const anna = await harness.viewer("anna", []);
    anna.receive(subscribe([CAMERA_A], 200));
    // The question is under way with the old permissions; the change overtakes its answer.
    harness.authority.permit("anna", []);
    harness.relay.handle({ type: "access-changed", userId: "anna" });
    await harness.settle();
    await harness.publish(sub(1));
    expect(anna.frames).toHaveLength(0);
    expect(anna.control.some((message) => message.type === "keys")).toBe(false);
    expect(anna.last("denied")?.cameraId).toBe(CAMERA_A);
  });

  it("cuts the viewer when the main thread does not answer within 1.5 s", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A]);
    harness.authority.silent = true;
    harness.relay.handle({ type: "access-changed", userId: "anna" });
    harness.advance(1499);
    expect(anna.closedWith).toBeUndefined();
    harness.advance(1);
    expect(anna.closedWith).toBe("relay.authority_unavailable");
  });
});

describe("what was denied", () => {
  const denials = (viewer: { control: readonly { type: string }[] }): number =>
    viewer.control.filter(({ type }) => type === "denied").length;

  it("comes when the viewer is given the camera, on the open connection", async () => {
    const ben = await harness.viewer("ben", [CAMERA_A, CAMERA_B]);
    harness.relay.handle({ type: "access-changed", userId: "ben" });
    await harness.settle();
    expect(denials(ben)).toBe(1);
    harness.authority.permit("ben", [CAMERA_A, CAMERA_B]);
    harness.relay.handle({ type: "access-changed", userId: "ben" });
    await harness.settle();
    await harness.publish(sub(1));
    expect(ben.last("stream")?.cameraId).toBe(CAMERA_A);
    expect(ben.frames.map((frame) => frame.header.streamId)).toEqual([1]);
    harness.advance(5000);
    expect(ben.closedWith).toBeUndefined();
  });

  it("comes when the camera is announced later, or again", async () => {
    harness.addUser("anna", [CAMERA_A, UNKNOWN_CAMERA]);
    const anna = await harness.viewer("anna", [CAMERA_A, UNKNOWN_CAMERA]);
    expect(denials(anna)).toBe(1);
    harness.relay.handle({ type: "cameras", cameras: [route(UNKNOWN_CAMERA, 21)] });
    await harness.settle();
    await harness.publish(sub(21));
    expect(anna.frames.map((frame) => frame.header.streamId)).toEqual([21]);
    expect(denials(anna)).toBe(2);
    harness.relay.handle({ type: "cameras", cameras: [route(UNKNOWN_CAMERA, 21), route(CAMERA_A, 1)] });
    await harness.settle();
    await harness.publish(sub(1));
    expect(anna.frames.map((frame) => frame.header.streamId)).toEqual([21, 1]);
  });

  it("stays away after the viewer left it", async () => {
    const ben = await harness.viewer("ben", [CAMERA_A]);
    ben.receive({ type: "unsubscribe", cameraIds: [CAMERA_A] });
    harness.authority.permit("ben", [CAMERA_A]);
    harness.relay.handle({ type: "access-changed", userId: "ben" });
    await harness.settle();
    await harness.publish(sub(1));
    expect(ben.frames).toEqual([]);
  });
});

describe("a server that starts or is busy", () => {
  it("says relay.starting until the cameras are known; the viewer may try again", async () => {
    const starting = new RelayHarness({ cameras: undefined });
    starting.addUser("anna", [CAMERA_A]);
    const early = await starting.viewer("anna", [CAMERA_A]);
    expect(early).toMatchObject({ closedWith: "relay.starting", closedForGood: false, control: [] });
    expect(starting.authority.calls).toEqual([]);
    starting.relay.handle({ type: "cameras", cameras: [] });
    expect((await starting.viewer("anna", [])).closedWith).toBeUndefined();
    starting.close();
  });

  it.each([
    ["auth.busy", false],
    ["auth.forbidden", false],
    ["auth.bad_public_key", false],
    ["auth.expired", true],
    ["auth.invalid_token", true],
    ["auth.session_ended", true],
    ["auth.unknown_connection", true],
  ])("%s ends the session for good: %s", async (code, final) => {
    harness.authority.refuseWith = code;
    const viewer = harness.connect();
    viewer.receive({ type: "hello", token: "anna", publicKey: "BA==", client: "x" });
    await harness.settle();
    expect(viewer).toMatchObject({ closedWith: code, closedForGood: final });
    expect(viewer.last("session_expired") !== undefined).toBe(final);
  });

  it("is not asked again at once when it cannot answer", async () => {
    const anna = await harness.viewer("anna", []);
    const questions = (): number => harness.authority.calls.filter(({ method }) => method === "authorise").length;
    harness.authority.refuseWith = "internal";
    anna.receive(subscribe([CAMERA_A], 200));
    await harness.settle();
    expect(questions()).toBe(1);
    harness.authority.refuseWith = undefined;
    harness.advance(4999);
    anna.receive(subscribe([CAMERA_B], 200));
    await harness.settle();
    expect(questions()).toBe(1);
    harness.advance(1);
    await harness.settle();
    expect(questions()).toBe(2);
    await harness.publish(sub(1));
    expect(anna.frames).toHaveLength(1);
  });
});

describe("subscriptions", () => {
  it("begin with the cached GOP", async () => {
    const camera = sub(1);
    await harness.publish(camera, 10);
    const anna = await harness.viewer("anna", [CAMERA_A]);
    harness.advance(5);
    expect(anna.frames.map((frame) => frame.header.sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const order = anna.control.map((message) => message.type);
    expect(order).toEqual(["welcome", "keys", "stream"]);
  });

  it("are idempotent and end with unsubscribe", async () => {
    const camera = sub(1);
    const anna = await harness.viewer("anna", [CAMERA_A]);
    anna.receive(subscribe([CAMERA_A], 200));
    anna.receive(subscribe([CAMERA_A], 200));
    await harness.settle();
    await harness.publish(camera, 2);
    expect(anna.frames).toHaveLength(2);
    expect(anna.control.filter((message) => message.type === "stream")).toHaveLength(1);
    anna.receive({ type: "unsubscribe", cameraIds: [CAMERA_A, CAMERA_A, CAMERA_B] });
    await harness.publish(camera, 2);
    expect(anna.frames).toHaveLength(2);
    expect(anna.ended).toEqual([1]);
  });

  it("end with denied when the camera is removed", async () => {
    const anna = await harness.viewer("anna", [CAMERA_A, CAMERA_B]);
    await harness.publish(sub(1));
    harness.relay.handle({ type: "cameras", cameras: [route(CAMERA_B, 11)] });
    expect(anna.last("denied")?.cameraId).toBe(CAMERA_A);
    await harness.publish(sub(1));
    await harness.publish(sub(11));
    expect(anna.frames.map((frame) => frame.header.streamId)).toEqual([1, 11]);
  });

  it("rest while the tile is not visible and resume from the cache", async () => {
    const camera = sub(1);
    const anna = await harness.viewer("anna", [CAMERA_A]);
    await harness.publish(camera, 2);
    anna.receive(subscribe([CAMERA_A], 200, false));
    await harness.settle();
    await harness.publish(camera, 2);
    expect(anna.frames).toHaveLength(2);
    anna.receive(subscribe([CAMERA_A], 200, true));
    await harness.settle();
    harness.advance(5);
    expect(anna.frames.map((frame) => frame.header.sequence)).toEqual([0, 1, 0, 1, 2, 3]);
  });
});
