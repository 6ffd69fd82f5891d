import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DiscoveredCamera, FoundStreams } from "../../shared/api/discovery.ts";
import type { ErrorBody } from "../../shared/api/schemas.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import type { ProbeResult } from "../control/media-plane.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { parseRange, scanRange } from "./range-scan.ts";
import { pathsFor } from "./stream-paths.ts";
import { type FakeOnvif, fakeOnvif, probeMatches } from "./testkit/fake-onvif.ts";
import { probeNetwork } from "./ws-discovery.ts";

const clock = systemClock();
const devices: FakeOnvif[] = [];
const hosts: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.close()));
  for (const socket of sockets) socket.destroy();
  await Promise.all(hosts.splice(0).map((host) => new Promise((resolve) => host.close(resolve))));
});

async function device(answer: (id: string) => readonly string[]): Promise<{ address: string; port: number }> {
  const made = await fakeOnvif(answer);
  devices.push(made);
  return { address: "127.0.0.1", port: made.port };
}

let count = 0;
const probe = (target: { address: string; port: number }) =>
  probeNetwork({ clock, uuid: () => `question-${++count}`, wait: millis(500), from: ["127.0.0.1"], targets: [target] });

describe("a search", () => {
  it("finds who answers, by the address that the answer came from", async () => {
    const scopes =
      "onvif://www.onvif.org/name/Gate%20North onvif://www.onvif.org/hardware/DS-2CD onvif://www.onvif.org/location/yard";
    const found = await probe(await device((id) => [probeMatches(id, scopes), probeMatches(id, scopes)]));
    expect(found).toEqual([
      { address: "127.0.0.1", name: "Gate North", model: "DS-2CD", manufacturer: "", location: "yard" },
    ]);
    // A datagram is lost now and then: it is asked twice.
    expect(devices[0]?.questions.length).toBe(2);
  });

  it.each<[string, (id: string) => string]>([
    ["answers a question of others", () => probeMatches("urn:uuid:other", "")],
    ["is no camera", (id) => probeMatches(id, "", "wsdp:Printer")],
    ["sends no XML", () => "hello"],
    ["sends a document type", (id) => `<!DOCTYPE a>${probeMatches(id, "")}`],
    ["sends elements without end", (id) => probeMatches(id, "").replace("<d:Types>", "<x/>".repeat(5000))],
  ])("passes over one that %s", async (_, answer) => {
    const found = await probe(await device((id) => [answer(id)]));
    expect(found).toEqual([]);
  });

  it("shows nothing that could be more than text", async () => {
    const hostile = encodeURIComponent("<img src=x onerror=alert(1)>\u001b[2J\u202eevil\u0000".padEnd(500, "x"));
    const [found] = await probe(await device((id) => [probeMatches(id, `onvif://www.onvif.org/name/${hostile}`)]));
    expect(found?.name).toMatch(/^<img src=x onerror=alert\(1\)> \[2Jevil x+$/);
    expect(found?.name.length).toBe(80);
  });

  it("ends although the network cannot be asked", async () => {
    const nowhere = { clock, uuid: () => "a", wait: millis(10), from: ["203.0.113.1"], targets: [] };
    expect(await probeNetwork(nowhere)).toEqual([]);
  });
});

async function rtspHost(answer: string | undefined): Promise<number> {
  const host = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    if (answer !== undefined) socket.on("data", () => socket.write(answer));
  });
  hosts.push(host);
  host.listen(0, "127.0.0.1");
  await once(host, "listening");
  return (host.address() as AddressInfo).port;
}

describe("a scan", () => {
  const open = new OutboundGuard({ ownPorts: () => new Set([8443]), loopback: "any" });

  it.each([
    ["192.168.1.7", ["192.168.1.7"]],
    ["192.168.1.0/30", ["192.168.1.1", "192.168.1.2"]],
    ["192.168.1.9/31", ["192.168.1.8", "192.168.1.9"]],
    ["10.0.0.254 - 10.0.1.1", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]],
  ])("reads %s", (range, addresses) => {
    expect(parseRange(range)).toEqual(addresses);
  });

  it("takes a network of 1024 addresses and no larger one", () => {
    expect(parseRange("10.0.0.0/22")).toHaveLength(1022);
    for (const text of [
      "10.0.0.0/21",
      "10.0.0.0-10.0.4.0",
      "10.0.0.9-10.0.0.1",
      "10.0.0.256",
      "010.0.0.1",
      "10.0.0.0/33",
      "fd00::/120",
      "camera",
      "",
    ]) {
      expect(() => parseRange(text)).toThrow(FluxError);
    }
  });

  it("finds who speaks RTSP", async () => {
    const speaks = await rtspHost("RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Cam\u001b[1m/1.0\r\n\r\n");
    expect(await scanRange("127.0.0.1", speaks, { clock, guard: open })).toEqual([
      { address: "127.0.0.1", port: speaks, server: "Cam [1m/1.0" },
    ]);
    const web = await rtspHost("HTTP/1.1 400 Bad Request\r\n\r\n");
    const silent = await rtspHost(undefined);
    const chatty = await rtspHost("x".repeat(100_000));
    for (const port of [web, silent, chatty]) {
      expect(await scanRange("127.0.0.1", port, { clock, guard: open })).toEqual([]);
    }
  });

  it.each(["169.254.169.0/30", "8.8.8.8", "224.0.0.1", "0.0.0.0/30"])("does not knock at %s", async (range) => {
    await expect(scanRange(range, 554, { clock, guard: open })).rejects.toMatchObject({ code: "discovery.bad_range" });
  });

  it("does not knock at this machine, nor at the server itself", async () => {
    const closed = new OutboundGuard({ ownPorts: () => new Set() });
    await expect(scanRange("127.0.0.1", 554, { clock, guard: closed })).rejects.toMatchObject({ field: "range" });
    await expect(scanRange("127.0.0.1", 8443, { clock, guard: open })).rejects.toMatchObject({ field: "range" });
  });
});

it("paths are those of the maker, or of the common ones", () => {
  expect(pathsFor("HIKVISION DS-2CD2043")[0]?.main).toBe("/Streaming/Channels/101");
  expect(pathsFor("").length).toBeLessThanOrEqual(8);
  expect(pathsFor("").at(-1)?.main).toBe("/");
});

describe("over the API", () => {
  let server: TestServer;
  let token: string;
  let onvif: FakeOnvif;
  beforeAll(async () => {
    onvif = await fakeOnvif((id) => [probeMatches(id, "onvif://www.onvif.org/name/Dahua")]);
    server = await startTestServer({
      discoveryProbe: { from: ["127.0.0.1"], targets: [{ address: "127.0.0.1", port: onvif.port }], wait: millis(300) },
    });
    token = (await server.login("admin")).accessToken;
  });
  afterAll(async () => {
    await server.close();
    await onvif.close();
  });
  const post = (path: string, body: unknown = {}) => server.call("POST", `/api/v1/discovery/${path}`, { token, body });

  it("searches one at a time, and says which cameras are there already", async () => {
    const [first, second] = await Promise.all([post("search"), post("search")]);
    expect([first.status, second.status].sort()).toEqual([200, 409]);
    const [found] = (await (first.status === 200 ? first : second).json()) as DiscoveredCamera[];
    expect(found).toMatchObject({ address: "127.0.0.1", port: 554, name: "Dahua", source: "onvif", known: false });
    const body = { name: "Known", url: "rtsp://127.0.0.1:554/x" };
    expect((await server.call("POST", "/api/v1/cameras", { token, body })).status).toBe(201);
    const again = (await (await post("search")).json()) as DiscoveredCamera[];
    expect(again[0]?.known).toBe(true);
  });

  it("finds a device's streams, and gives up at the first refused password", async () => {
    const asked: string[] = [];
    const { probe: before } = server.media;
    const format: StreamFormat = { codec: "h264", codecString: "avc1.64001f", width: 640, height: 360, fps: 25 };
    const keyframe = new Uint8Array([0, 0, 0, 1, 0x65]);
    const measured = { firstFrameMs: 40, measuredFps: 25, measuredKbps: 900 };
    const result: ProbeResult = {
      ...measured,
      format,
      audioFormat: undefined,
      transport: "tcp",
      server: undefined,
      keyframe,
    };
    const answers = (codes: Readonly<Record<string, string>>): void => {
      asked.length = 0;
      server.media.probe = (source) => {
        asked.push(source.url);
        const code = codes[new URL(source.url.replace("rtsp:", "http:")).pathname];
        if (code === "ok") return Promise.resolve(result);
        return Promise.reject(new FluxError(code ?? "rtsp.not_found", "no"));
      };
    };
    const body = { address: "10.0.0.9", port: 554, username: "admin", password: "secret", about: "Dahua IPC" };
    answers({ "/cam/realmonitor": "ok" });
    const found = (await (await post("streams", body)).json()) as FoundStreams;
    expect(found).toMatchObject({
      url: "rtsp://10.0.0.9:554/cam/realmonitor?channel=1&subtype=0",
      subUrl: "rtsp://10.0.0.9:554/cam/realmonitor?channel=1&subtype=1",
    });
    answers({ "/Streaming/Channels/101": "rtsp.unauthorised" });
    const refused = await post("streams", { ...body, about: "" });
    expect(((await refused.json()) as ErrorBody).error.code).toBe("rtsp.unauthorised");
    expect(asked).toHaveLength(1);
    server.media.probe = before;
  });

  it("refuses a range that is not to be scanned, naming the field", async () => {
    const response = await post("scan", { range: "169.254.169.254" });
    expect(response.status).toBe(400);
    expect(((await response.json()) as ErrorBody).error).toMatchObject({
      code: "discovery.bad_range",
      details: [{ field: "range" }],
    });
  });

  it("keeps the server's place and how far the set-up has come", async () => {
    const call = (method: string, path: string, body?: unknown) =>
      server.call(method, `/api/v1/system/${path}`, { token, body });
    expect(await (await call("GET", "setup")).json()).toEqual({ step: "place", begun: false });
    expect((await call("PUT", "place", { timeZone: "Asia/Seoul", language: "ko" })).status).toBe(204);
    expect((await call("PUT", "place", { timeZone: "Mars/Olympus", language: "ko" })).status).toBe(400);
    expect((await call("PUT", "setup", { step: "storage" })).status).toBe(204);
    expect(await (await call("GET", "place")).json()).toEqual({ timeZone: "Asia/Seoul", language: "ko" });
    expect(await (await call("GET", "setup")).json()).toEqual({ step: "storage", begun: true });
  });
});
