import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "./simulator.ts";

const stamp = { main: "stamp-360p30.h264", sub: "stamp-360p30.h264" };
const open: Array<{ close(): unknown }> = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ clips: stamp, ...options });
  open.push(simulator);
  return simulator;
}

interface Client {
  readonly socket: Socket;
  send(method: string, url: string, headers?: Record<string, string>): void;
  /** Resolves when everything received so far satisfies the test. */
  until(test: (received: Buffer) => boolean): Promise<Buffer>;
}

async function client(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  // Being cut off may arrive as a reset; either way the socket closes.
  socket.on("error", () => undefined);
  open.push({ close: () => socket.destroy() });
  await once(socket, "connect");
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  let sequence = 0;
  return {
    socket,
    send: (method, url, headers = {}) => {
      sequence += 1;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${method} ${url} RTSP/1.0\r\nCSeq: ${sequence}\r\n${lines.join("")}\r\n`);
    },
    until: async (satisfied) => {
      while (!satisfied(received)) await once(socket, "data");
      const all = received;
      received = Buffer.alloc(0);
      return all;
    },
  };
}

const closing = (socket: Socket): Promise<void> => new Promise((done) => socket.once("close", () => done()));
const answered = (received: Buffer): boolean => received.includes("\r\n\r\n");
const sessionOf = (answer: Buffer): string => /Session: (\w+)/.exec(answer.toString("latin1"))?.[1] ?? "";

async function playTcp(simulator: Simulator, camera = 1): Promise<Client> {
  const url = simulator.url(camera, "main");
  const rtsp = await client(simulator.port);
  rtsp.send("SETUP", `${url}/trackID=0`, { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
  const session = sessionOf(await rtsp.until(answered));
  rtsp.send("PLAY", url, { Session: session });
  return rtsp;
}

describe("the RTSP server", () => {
  test("describes, sets up and plays over TCP; media follows the answer to PLAY", async () => {
    const simulator = await start();
    const rtsp = await client(simulator.port);
    rtsp.send("DESCRIBE", simulator.url(1, "main"));
    const sdp = (await rtsp.until((received) => received.includes("a=control:"))).toString();
    expect(sdp).toMatch(/a=fmtp:96 packetization-mode=1;profile-level-id=\w{6};sprop-parameter-sets=[\w+/=]+,[\w+/=]+/);
    const playing = await playTcp(simulator);
    const media = await playing.until((received) => received.length > 3000);
    expect(media.toString("latin1", 0, 15)).toBe("RTSP/1.0 200 OK");
    const body = media.subarray(media.indexOf("\r\n\r\n") + 4);
    expect([...body.subarray(0, 2)]).toEqual([0x24, 1]);
    expect(body.subarray(4, 6).toString("hex")).toBe("80c8");
    expect(simulator.sentAt(1, 0)).toBeGreaterThan(0);
    expect(simulator.camera(1).clientCount()).toBe(1);
  });

  test("plays over UDP to the client's ports", async () => {
    const simulator = await start({ transport: "udp" });
    const receiver = createSocket("udp4").bind(0, "127.0.0.1");
    open.push({ close: () => receiver.close() });
    await once(receiver, "listening");
    const rtsp = await client(simulator.port);
    const url = simulator.url(1, "sub");
    const ports = `${receiver.address().port}-${receiver.address().port + 1}`;
    rtsp.send("SETUP", url, { Transport: `RTP/AVP;unicast;client_port=${ports}` });
    const answer = await rtsp.until(answered);
    expect(answer.toString()).toMatch(/server_port=\d+-\d+/);
    const first = once(receiver, "message");
    rtsp.send("PLAY", url, { Session: sessionOf(answer) });
    const [packet] = (await first) as [Buffer];
    expect((packet[1] ?? 0) & 0x7f).toBe(96);
  });

  test.each([
    ["an unknown path", "DESCRIBE", "/nowhere", {}, "404"],
    ["PLAY without SETUP", "PLAY", "/cam01/main", { Session: "1" }, "454"],
    ["a transport it does not offer", "SETUP", "/cam01/main", { Transport: "RTP/AVP;multicast" }, "461"],
    ["an unknown method", "RECORD", "/cam01/main", {}, "501"],
    ["a keep-alive", "GET_PARAMETER", "/cam01/main", {}, "200"],
  ])("%s", async (_name, method, path, headers, status) => {
    const simulator = await start();
    const rtsp = await client(simulator.port);
    rtsp.send(method, `rtsp://127.0.0.1:${simulator.port}${path}`, headers);
    expect((await rtsp.until(answered)).toString("latin1", 9, 12)).toBe(status);
  });

  test("asks for the password in all its schemes and tells nothing about paths before", async () => {
    const simulator = await start({ user: "admin", password: "secret" });
    const rtsp = await client(simulator.port);
    rtsp.send("DESCRIBE", `rtsp://127.0.0.1:${simulator.port}/nowhere`);
    const answer = (await rtsp.until(answered)).toString();
    expect(answer).toMatch(/^RTSP\/1\.0 401/);
    expect([...answer.matchAll(/WWW-Authenticate: (\w+)/g)].map(([, scheme]) => scheme)).toEqual([
      "Digest",
      "Digest",
      "Basic",
    ]);
    expect(simulator.url(1, "main", true)).toContain("admin:secret@");
    expect(simulator.url(1, "main")).not.toContain("secret");
  });

  test("a port in use is a clear error", async () => {
    const simulator = await start();
    const failure = await startSimulator({ clips: stamp, port: simulator.port }).catch((error: unknown) => error);
    expect(errorCode(failure)).toBe("simulator.listen_failed");
  });

  test("close cuts connections and is idempotent", async () => {
    const simulator = await start();
    const playing = await playTcp(simulator);
    const closed = closing(playing.socket);
    await Promise.all([simulator.close(), simulator.close(), closed]);
  });
});

describe("faults on the connection", () => {
  test("disconnect and refuse", async () => {
    const simulator = await start({ cameras: 2 });
    const [first, second] = [await playTcp(simulator, 1), await playTcp(simulator, 2)];
    await second.until((received) => received.length > 1000);
    const cut = closing(first.socket);
    await simulator.camera(1).fault({ kind: "refuse", status: 503 });
    await cut;
    expect(second.socket.destroyed).toBe(false);
    const again = await client(simulator.port);
    again.send("OPTIONS", simulator.url(1, "main"));
    expect((await again.until(answered)).toString("latin1", 9, 12)).toBe("503");
  });

  test("half-open: no answers, no media, no close", async () => {
    const simulator = await start();
    const playing = await playTcp(simulator);
    await playing.until((received) => received.length > 3000);
    await simulator.camera(1).fault({ kind: "half-open" });
    playing.send("GET_PARAMETER", simulator.url(1, "main"));
    const other = await client(simulator.port);
    other.send("OPTIONS", "*");
    await other.until(answered);
    simulator.camera(1).heal();
    playing.send("OPTIONS", simulator.url(1, "main"));
    const answers = await playing.until((received) => received.includes("CSeq: 4"));
    expect(answers.includes("CSeq: 3")).toBe(false);
  });

  test("wrong password: the right one no longer helps", async () => {
    const simulator = await start();
    await simulator.camera(1).fault({ kind: "wrong-password" });
    const rtsp = await client(simulator.port);
    rtsp.send("DESCRIBE", simulator.url(1, "main"));
    expect((await rtsp.until(answered)).toString("latin1", 9, 12)).toBe("401");
  });

  test("garbage goes between packets, never into them", async () => {
    const simulator = await start();
    await simulator.camera(1).fault({ kind: "garbage", bytes: 100 });
    const playing = await playTcp(simulator);
    const media = await playing.until((received) => received.length > 20_000);
    const body = media.subarray(media.indexOf("\r\n\r\n") + 4);
    let at = 0;
    let garbage = 0;
    let packets = 0;
    while (at + 4 < body.length) {
      if (body[at] !== 0x24) {
        garbage += 1;
        at += 1;
        continue;
      }
      expect(body[at + 1]).toBeLessThan(2);
      at += 4 + body.readUInt16BE(at + 2);
      packets += 1;
    }
    expect(packets).toBeGreaterThan(5);
    expect(garbage % 100).toBe(0);
  });

  test("an unknown clip is refused", async () => {
    const simulator = await start();
    const failure = await simulator
      .camera(1)
      .fault({ kind: "switch-clip", clip: "nope" })
      .catch((error: unknown) => error);
    expect(errorCode(failure)).toBe("simulator.unknown_clip");
  });
});
