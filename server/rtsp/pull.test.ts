import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { AccessUnit, StreamFormat } from "../../shared/media/types.ts";
import { encodeRtp } from "../rtp/packet.ts";
import { hex, idr, inter } from "../rtp/testkit/packets.ts";
import { startPull } from "./pull.ts";
import type { Pull, PullOptions } from "./pull-types.ts";
import { FakeCamera, goodAnswer, H264_SDP, interleave, type Script } from "./testkit/fake-camera.ts";
import { selfSigned } from "./testkit/self-signed.ts";

interface Watched {
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

async function camera(script?: Script, tls?: { key: string; cert: string }): Promise<FakeCamera> {
  const started = await FakeCamera.start(script, tls);
  cameras.push(started);
  return started;
}

function watch(url: string, options: Partial<PullOptions> = {}, onUnit?: (unit: AccessUnit) => void): Watched {
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

afterEach(async () => {
  await Promise.all(pulls.splice(0).map((pull) => pull.close()));
  await Promise.all(cameras.splice(0).map((fake) => fake.close()));
});

/** Changes single answers of a good camera. */
const except =
  (changes: Record<string, Script>): Script =>
  (request, socket) =>
    (changes[request.method.toLowerCase()] ?? goodAnswer)(request, socket);

describe("pulling a camera", () => {
  it("goes through OPTIONS, DESCRIBE, SETUP, PLAY and TEARDOWN", async () => {
    const fake = await camera();
    const watched = watch(fake.url, { userAgent: "test/1" });
    await watched.playing;
    expect(watched.session).toEqual({ transport: "tcp", server: "fake/1" });
    for (let i = 0; i < 4; i++) fake.picture([i === 0 ? idr(1) : inter(i)]);
    await watched.got(4);
    expect(watched.units.map(({ keyframe }) => keyframe)).toEqual([true, false, false, false]);
    expect(watched.formats).toMatchObject([
      [{ codec: "h264", codecString: "avc1.4D4016", width: 640, height: 360, fps: 15 }, undefined],
    ]);
    expect(watched.pull.stats()).toMatchObject({
      packets: 4,
      units: 4,
      keyframes: 1,
      lostPackets: 0,
      discontinuities: 1,
    });
    await watched.pull.close();
    await watched.pull.close();
    expect(await watched.ended).toBe("rtsp.closed");
    expect(fake.requests.map(({ method, uri }) => `${method} ${uri.replace(/:\d+/, "")}`)).toEqual([
      "OPTIONS rtsp://127.0.0.1/live",
      "DESCRIBE rtsp://127.0.0.1/live",
      "SETUP rtsp://127.0.0.1/live/track1",
      "PLAY rtsp://127.0.0.1/live",
      "TEARDOWN rtsp://127.0.0.1/live",
    ]);
    expect(fake.requests[0]?.headers.get("user-agent")).toBe("test/1");
    expect(fake.asked("PLAY")[0]?.headers.get("session")).toBe("77");
  });

  it("uses Content-Base, the session's control and the channels that the camera chose", async () => {
    const fake = await camera(
      except({
        describe: () => ({
          headers: { "Content-Base": "rtsp://10.9.9.9/base/" },
          body: `a=control:all\r\n${H264_SDP}`,
        }),
        setup: () => ({ headers: { Transport: "RTP/AVP/TCP;unicast;interleaved=6-7", Session: "s" } }),
      }),
    );
    const watched = watch(fake.url);
    await watched.playing;
    expect(fake.asked("SETUP")[0]?.uri).toBe("rtsp://10.9.9.9/base/track1");
    expect(fake.asked("PLAY")[0]?.uri).toBe("rtsp://10.9.9.9/base/all");
    for (let i = 0; i < 3; i++) fake.picture([idr(i)], 6);
    await watched.got(3);
  });

  it("carries audio beside the picture", async () => {
    const sdp = `${H264_SDP}m=audio 0 RTP/AVP 8\r\na=control:track2\r\n`;
    const fake = await camera(except({ describe: () => ({ body: sdp }) }));
    const watched = watch(fake.url, { wantAudio: true });
    await watched.playing;
    expect(fake.asked("SETUP").map(({ headers }) => headers.get("transport"))).toEqual([
      "RTP/AVP/TCP;unicast;interleaved=0-1",
      "RTP/AVP/TCP;unicast;interleaved=2-3",
    ]);
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    fake.write(interleave(2, encodeRtp({ payloadType: 8, sequence: 1, timestamp: 0, ssrc: 5 }, new Uint8Array(160))));
    await watched.got(4);
    expect(watched.units.at(-1)).toMatchObject({ codec: "pcma", bytes: 160 });
    expect(watched.formats[0]?.[1]).toMatchObject({
      codec: "pcma",
      codecString: "alaw",
      sampleRate: 8000,
      channels: 1,
    });
  });

  it("finds its way through garbage between packets", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) {
      fake.write(new Uint8Array(500).fill(0x24));
      fake.picture([idr(i)]);
    }
    await watched.got(3);
    expect(watched.pull.stats().garbageBytes).toBe(1500);
  });

  it("answers what the camera asks", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    fake.write("OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    await fake.untilAsked("RTSP/1.0");
    fake.write("REDIRECT * RTSP/1.0\r\nCSeq: 6\r\n\r\n");
    expect(await watched.ended).toBe("rtsp.closed");
  });

  it("keeps the session alive, with OPTIONS where GET_PARAMETER is refused, and reports reception", async () => {
    const fake = await camera(except({ get_parameter: () => ({ status: "501 Not Implemented" }) }));
    const watched = watch(fake.url, { stallTimeout: millis(1_000_000) });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    watched.clock.advance(millis(31_000));
    await fake.until(() => fake.asked("GET_PARAMETER").length === 1 && fake.frames.length > 0);
    expect(fake.asked("GET_PARAMETER")[0]?.headers.get("session")).toBe("77");
    // Channel 1, a receiver report about the camera's source.
    expect(Buffer.from(fake.frames[0] ?? []).toString("hex")).toMatch(/^0181c90007.{8}00000009/);
    fake.picture([idr(3)]);
    await watched.got(4);
    watched.clock.advance(millis(31_000));
    await fake.untilAsked("OPTIONS", 2);
  });

  it("takes the camera's time from its sender reports", async () => {
    const fake = await camera();
    const times: (number | undefined)[] = [];
    const watched = watch(fake.url, {}, (unit) => times.push(unit.cameraTime));
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    // NTP 3909000000.5 at RTP timestamp 3600 * 3.
    fake.write(interleave(1, hex("80c80006 00000009 e8fedb40 80000000 00002a30 00000000 00000000")));
    fake.picture([idr(4)]);
    await watched.got(4);
    expect(times.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(times[3]).toBe((0xe8fedb40 - 2_208_988_800) * 1e6 + 540_000);
    expect(watched.pull.stats().clockOffsetMs).toBeTypeOf("number");
  });
});

describe("authentication", () => {
  const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

  it("gives Basic where it is asked for", async () => {
    const fake = await camera((request) =>
      request.headers.get("authorization") === `Basic ${Buffer.from("admin:geheim").toString("base64")}`
        ? goodAnswer(request)
        : { status: "401 Unauthorized", headers: { "WWW-Authenticate": 'Basic realm="x"' } },
    );
    const watched = watch(fake.url, { username: "admin", password: "geheim" });
    await watched.playing;
    expect(fake.asked("OPTIONS").length).toBe(2);
    expect(fake.asked("DESCRIBE").length).toBe(1);
  });

  it("takes the credentials in the address where no others are given", async () => {
    const fake = await camera((request) =>
      request.headers.has("authorization")
        ? goodAnswer(request)
        : { status: "401 No", headers: { "WWW-Authenticate": 'Basic realm="x"' } },
    );
    const watched = watch(fake.url.replace("rtsp://", "rtsp://u:p%21@"));
    await watched.playing;
    expect(fake.asked("PLAY")[0]?.headers.get("authorization")).toBe(`Basic ${Buffer.from("u:p!").toString("base64")}`);
    expect(fake.requests.every(({ uri }) => !uri.includes("@"))).toBe(true);
  });

  it("answers Digest, counts, and goes on when the nonce has become stale", async () => {
    let nonce = "one";
    const fake = await camera((request) => {
      const value = request.headers.get("authorization") ?? "";
      if (request.method === "PLAY" && nonce === "one") nonce = "two";
      const nc = /nc=(\w+)/.exec(value)?.[1] ?? "";
      const cnonce = /cnonce="(\w+)"/.exec(value)?.[1] ?? "";
      const expected = md5(
        `${md5("admin:x:geheim")}:${nonce}:${nc}:${cnonce}:auth:${md5(`${request.method}:${request.uri}`)}`,
      );
      if (value.includes(`response="${expected}"`)) return goodAnswer(request);
      const stale = value === "" ? "" : ", stale=true";
      return {
        status: "401 Unauthorized",
        headers: { "WWW-Authenticate": `Digest realm="x", nonce="${nonce}", qop="auth"${stale}` },
      };
    });
    const watched = watch(fake.url, { username: "admin", password: "geheim" });
    await watched.playing;
    const counts = fake.requests.map(
      ({ method, headers }) => `${method} ${/nc=(\w+)/.exec(headers.get("authorization") ?? "")?.[1]}`,
    );
    expect(counts).toEqual([
      "OPTIONS undefined",
      "OPTIONS 00000001",
      "DESCRIBE 00000002",
      "SETUP 00000003",
      "PLAY 00000004",
      "PLAY 00000001",
    ]);
  });

  it("tries a wrong password once only", async () => {
    let nonce = 0;
    const fake = await camera(() => ({
      status: "401 Unauthorized",
      headers: { "WWW-Authenticate": `Digest realm="x", nonce="${nonce++}"` },
    }));
    const watched = watch(fake.url, { username: "admin", password: "wrong" });
    expect(await watched.ended).toBe("rtsp.unauthorised");
    expect(fake.requests.filter(({ headers }) => headers.has("authorization")).length).toBe(1);
  });

  it("says that a password is needed", async () => {
    const fake = await camera(
      except({
        describe: () => ({
          status: "401 Unauthorized",
          headers: { "WWW-Authenticate": 'Digest realm="x", nonce="1"' },
        }),
      }),
    );
    expect(await watch(fake.url).ended).toBe("rtsp.unauthorised");
  });
});

describe("redirects", () => {
  it("are followed, and the password does not go to another host", async () => {
    const other = await camera(() => ({
      status: "401 Unauthorized",
      headers: { "WWW-Authenticate": 'Basic realm="x"' },
    }));
    const fake = await camera(
      except({ describe: () => ({ status: "302 Moved", headers: { Location: `rtsp://localhost:${other.port}/x` } }) }),
    );
    const watched = watch(fake.url, { username: "admin", password: "geheim" });
    expect(await watched.ended).toBe("rtsp.unauthorised");
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.some(({ headers }) => headers.has("authorization"))).toBe(false);
  });

  it("are followed to where the stream is", async () => {
    const other = await camera();
    const fake = await camera(except({ describe: () => ({ status: "301 Moved", headers: { Location: other.url } }) }));
    const watched = watch(fake.url);
    await watched.playing;
    expect(other.asked("PLAY").length).toBe(1);
  });

  it.each([
    { name: "in a circle", location: (url: string) => url, code: "rtsp.protocol" },
    { name: "to another protocol", location: () => "http://127.0.0.1/", code: "rtsp.address" },
    { name: "to nowhere", location: () => undefined, code: "rtsp.protocol" },
  ])("are not followed $name", async ({ location, code }) => {
    const fake: FakeCamera = await camera(
      except({
        describe: () => {
          const target = location(fake.url);
          return { status: "302 Moved", headers: target === undefined ? {} : { Location: target } };
        },
      }),
    );
    expect(await watch(fake.url).ended).toBe(code);
    expect(fake.asked("DESCRIBE").length).toBeLessThanOrEqual(6);
  });
});

describe("transports", () => {
  it("falls back to UDP where the camera refuses TCP, and takes packets from nobody else", async () => {
    const sender = createSocket("udp4");
    const stranger = createSocket("udp4");
    await Promise.all(
      [sender, stranger].map((socket) => new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))),
    );
    const fake = await camera(
      except({
        setup(request) {
          const transport = request.headers.get("transport") ?? "";
          if (transport.includes("TCP")) return { status: "461 Unsupported Transport" };
          const port = sender.address().port;
          return { headers: { Transport: `${transport};server_port=${port}-${port + 1}`, Session: "9" } };
        },
      }),
    );
    const watched = watch(fake.url, { transport: "auto" });
    await watched.playing;
    expect(watched.session.transport).toBe("udp");
    const target = Number(/client_port=(\d+)/.exec(fake.asked("SETUP")[1]?.headers.get("transport") ?? "")?.[1]);
    const send = (socket: typeof sender, bytes: Uint8Array): Promise<void> =>
      new Promise((resolve) => socket.send(bytes, target, "127.0.0.1", () => resolve()));
    await send(stranger, encodeRtp({ payloadType: 96, sequence: 500, timestamp: 1, ssrc: 1, marker: true }, idr(9)));
    const order = [0, 2, 1, 3, 4];
    for (const sequence of order) {
      await send(
        sender,
        encodeRtp(
          { payloadType: 96, sequence, timestamp: sequence * 3600, ssrc: 9, marker: true },
          sequence === 0 ? idr(1) : inter(sequence),
        ),
      );
    }
    await watched.got(5);
    expect(watched.pull.stats()).toMatchObject({ packets: 5, lostPackets: 0, duplicatePackets: 0 });
    await watched.pull.close();
    await Promise.all(
      [sender, stranger].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    );
  });

  it("does not fall back where TCP is demanded", async () => {
    const fake = await camera(except({ setup: () => ({ status: "461 Unsupported Transport" }) }));
    expect(await watch(fake.url).ended).toBe("rtsp.unsupported");
  });

  it("speaks RTSPS, with a certificate that nobody vouches for only where that is allowed", async () => {
    const fake = await camera(undefined, await selfSigned("127.0.0.1"));
    const url = fake.url.replace("rtsp:", "rtsps:");
    expect(await watch(url).ended).toBe("rtsp.tls");
    const watched = watch(url, { allowUntrustedCertificate: true });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    const plain = await camera();
    const refused = watch(plain.url.replace("rtsp:", "rtsps:"), { allowUntrustedCertificate: true });
    await plain.until(() => plain.connections > 0);
    plain.write("RTSP/1.0 400 Bad Request\r\n\r\n");
    expect(await refused.ended).toBe("rtsp.tls");
  });
});

describe("what goes wrong", () => {
  it.each([
    { name: "path", script: except({ describe: () => ({ status: "404 Not Found" }) }), code: "rtsp.not_found" },
    { name: "forbidden", script: except({ describe: () => ({ status: "403 Forbidden" }) }), code: "rtsp.unauthorised" },
    { name: "busy", script: except({ setup: () => ({ status: "453 Not Enough Bandwidth" }) }), code: "rtsp.refused" },
    { name: "PLAY refused", script: except({ play: () => ({ status: "500 Oops" }) }), code: "rtsp.refused" },
    {
      name: "MJPEG",
      script: except({ describe: () => ({ body: "m=video 0 RTP/AVP 26\r\n" }) }),
      code: "rtsp.unsupported",
    },
    {
      name: "SRTP",
      script: except({ describe: () => ({ body: H264_SDP.replace("RTP/AVP", "RTP/SAVP") }) }),
      code: "rtsp.unsupported",
    },
    { name: "empty SDP", script: except({ describe: () => ({}) }), code: "rtsp.protocol" },
    { name: "no Transport", script: except({ setup: () => ({ headers: { Session: "1" } }) }), code: "rtsp.protocol" },
    { name: "hangs up", script: except({ setup: (_, socket) => void socket.destroy() }), code: "rtsp.closed" },
    {
      name: "endless headers",
      script: except({ options: (_, socket) => void socket.write(`RTSP/1.0 200 OK\r\n${"X: y\r\n".repeat(5000)}`) }),
      code: "rtsp.limit",
    },
    {
      name: "huge body",
      script: except({ describe: () => ({ headers: { "Content-Length": "999999999" } }) }),
      code: "rtsp.limit",
    },
    {
      name: "another protocol",
      script: except({ options: (_, socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") }),
      code: "rtsp.protocol",
    },
  ])("$name", async ({ script, code }) => {
    const fake = await camera(script);
    expect(await watch(fake.url).ended).toBe(code);
  });

  it("names what a camera offers instead of H.264 and H.265", async () => {
    const fake = await camera(except({ describe: () => ({ body: "m=video 0 RTP/AVP 26\r\n" }) }));
    await expect(watch(fake.url).pull.done).rejects.toThrow("video JPEG");
  });

  it("nothing listens, or the address is none", async () => {
    const fake = await camera();
    const url = fake.url;
    await fake.close();
    expect(await watch(url).ended).toBe("rtsp.refused");
    expect(await watch("http://camera/").ended).toBe("rtsp.address");
    expect(await watch(url, { username: "a\nb" }).ended).toBe("rtsp.address");
  });

  it.each([
    { name: "never answers", script: (() => undefined) as Script },
    { name: "answers a byte and no more", script: ((_, socket) => void socket.write("R")) as Script },
  ])("times out where the camera $name", async ({ script }) => {
    const fake = await camera(script);
    const watched = watch(fake.url);
    await fake.untilAsked("OPTIONS");
    watched.clock.advance(millis(5001));
    expect(await watched.ended).toBe("rtsp.timeout");
    expect(watched.clock.pendingTimers).toBe(0);
  });

  it("a camera that falls silent is stalled", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    watched.clock.advance(millis(9000));
    fake.picture([idr(4)]);
    await watched.got(4);
    watched.clock.advance(millis(9000));
    expect(watched.pull.stats().units).toBe(4);
    watched.clock.advance(millis(3000));
    expect(await watched.ended).toBe("rtsp.stalled");
  });

  it("a camera that says goodbye has ended", async () => {
    const fake = await camera();
    const watched = watch(fake.url);
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    await watched.got(3);
    fake.write(Buffer.concat([interleave(1, hex("81cb000100000009")), interleave(0, new Uint8Array(0))]));
    fake.write("OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    await fake.untilAsked("RTSP/1.0");
    watched.clock.advance(millis(4000));
    expect(await watched.ended).toBe("rtsp.closed");
  });

  it("a handler that throws ends the pull, not the process", async () => {
    const fake = await camera();
    const watched = watch(fake.url, {}, () => {
      throw new Error("bug");
    });
    await watched.playing;
    for (let i = 0; i < 3; i++) fake.picture([idr(i)]);
    expect(await watched.ended).toBe("rtsp.internal");
    await expect(watched.pull.done).rejects.toBeInstanceOf(FluxError);
  });

  it("closing while connecting leaves nothing behind", async () => {
    const fake = await camera(() => undefined);
    const watched = watch(fake.url);
    await fake.untilAsked("OPTIONS");
    await watched.pull.close();
    expect(await watched.ended).toBe("rtsp.closed");
    expect(watched.clock.pendingTimers).toBe(0);
  });
});
