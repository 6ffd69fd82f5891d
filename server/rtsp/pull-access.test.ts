import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { encodeRtp } from "../rtp/packet.ts";
import { idr, inter } from "../rtp/testkit/packets.ts";
import { type FakeCamera, goodAnswer } from "./testkit/fake-camera.ts";
import { selfSigned } from "./testkit/self-signed.ts";
import { camera, closeAll, except, watch } from "./testkit/watch.ts";

afterEach(closeAll);

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
  it.each([
    { kind: "Basic", challenge: 'Basic realm="x"' },
    { kind: "Digest", challenge: 'Digest realm="x", nonce="1"' },
  ])("are followed, and no $kind answer goes to another host", async ({ challenge }) => {
    const other = await camera(() => ({ status: "401 Unauthorized", headers: { "WWW-Authenticate": challenge } }));
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
