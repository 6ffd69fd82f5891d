import type { lookup } from "node:dns";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ErrorBody } from "../../shared/api/schemas.ts";
import { checkedArguments } from "../export/ffmpeg-arguments.ts";
import { safeName } from "../export/names.ts";
import { burnIn } from "../export/watermark.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { camera, closeAll, watch } from "../rtsp/testkit/watch.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

const OWN_PORTS = [8080, 8443];
let server: TestServer;
let token: string;

beforeAll(async () => {
  const outbound = new OutboundGuard({ ownPorts: () => new Set(OWN_PORTS), loopback: new Set([8554]) });
  server = await startTestServer({ outbound });
  token = (await server.login("admin")).accessToken;
});
afterAll(() => server.close());
afterEach(closeAll);

const post = (path: string, body: unknown) => server.call("POST", `/api/v1${path}`, { token, body });
async function refusal(response: Response): Promise<string> {
  expect(response.status).toBe(400);
  return ((await response.json()) as ErrorBody).error.code;
}

describe("abuse case 8: a camera address that is a command, a file or an option", () => {
  it.each([
    "exec:/bin/sh -c id",
    "file:///etc/passwd",
    "concat:a|b",
    "-i /etc/passwd",
    "--help",
    "rtsp://10.0.0.9/`id`",
    "rtsp://10.0.0.9/a|id",
    "rtsp://10.0.0.9/a\nb",
    "rtsp://10.0.0.9/a\r\nTEARDOWN rtsp://x RTSP/1.0",
    "rtsp://$(id)/",
    "rtsp://u:p%0d%0aX@10.0.0.9/",
    "pipe:0",
    "http://10.0.0.9/x.m3u8",
    "subfile,,start,0,end,0,,:/etc/passwd",
  ])("%j is no camera", async (url) => {
    const refused: string[] = [];
    for (const path of ["/cameras", "/cameras/probe"]) {
      const response = await post(path, { name: "hostile", url });
      if (response.status === 400) refused.push(((await response.json()) as ErrorBody).error.code);
    }
    expect(refused).toEqual(["camera.bad_url", "camera.bad_url"]);
    expect([...server.media.cameras.values()].flatMap(({ streams }) => streams.map((one) => one.url))).not.toContain(
      url,
    );
  });

  it("FFmpeg, which burns marks into exports and does nothing else, gets no text of a person as an argument", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fluxvision-argv-"));
    const hostile = "x' ,movie=/etc/passwd; -i %{pts} \\ \n`id`";
    const input = `${safeName("-i concat:/etc/passwd|$(id)")}.mp4`;
    const before = process.env.PATH;
    try {
      // In FFmpeg's place: writes down what it is called with.
      const program = `#!/bin/sh\nfor a in "$@"; do printf '%s\\0' "$a" >> argv; out=$a; done\n: > "$out"\n`;
      await writeFile(join(folder, "ffmpeg"), program, { mode: 0o755 });
      await writeFile(join(folder, input), "");
      process.env.PATH = `${folder}${delimiter}${before}`;
      const mark = { path: join(folder, input), container: "mp4", text: hostile, startMicros: 1e15 } as const;
      await burnIn(mark, new AbortController().signal);
      const argv = (await readFile(join(folder, "argv"), "utf8")).split("\0").slice(0, -1);
      expect(argv).toEqual(checkedArguments(argv));
      expect(argv.join(" ")).toContain("-protocol_whitelist file");
      for (const part of ["movie", "passwd;", "%{pts} \\", "`id`"]) expect(argv.join(" ")).not.toContain(part);
      expect(argv[argv.indexOf("-i") + 1]).toBe(input);
      expect(input).toMatch(/^[\w][\w.-]*\.mp4$/);
    } finally {
      process.env.PATH = before;
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    [["-i", "concat:a|b"]],
    [["-i", "/etc/passwd"]],
    [["-i", "../root.key"]],
    [["-i", "http://10.0.0.9/"]],
    [["-i", "-report"]],
    [["-vf", "movie=/etc/passwd"]],
    [["-vf", "drawtext=textfile=/etc/passwd"]],
    [["-vf", "drawtext=text='x':fontfile=/etc/passwd"]],
    [["-protocol_whitelist", "file,http"]],
    [["-f", "tee"]],
    [["-filter_complex", "x"]],
    [["out.mp4\0"]],
    [["/tmp/out.mp4"]],
  ])("FFmpeg is never started with %j", (args) => {
    expect(() => checkedArguments(args)).toThrow(expect.objectContaining({ code: "export.unsafe_argument" }));
  });
});

/** Where clouds keep credentials, and where nothing that a user names may lead. */
const FORBIDDEN = [
  "169.254.169.254",
  "0xa9fea9fe",
  "2852039166",
  "[::ffff:169.254.169.254]",
  "[fd00:ec2::254]",
  "100.100.100.200",
  "0.0.0.0",
  "224.0.0.1",
  "127.0.0.1:8080",
  "127.0.0.1:5432",
  "localhost:8443",
  "[::1]:8080",
];

describe("abuse case 9: a camera address, a redirect or a name that leads to metadata, this machine or its own ports", () => {
  it.each(FORBIDDEN)("rtsp://%s/ is no camera", async (host) => {
    expect(await refusal(await post("/cameras", { name: "x", url: `rtsp://${host}/` }))).toBe("camera.bad_url");
    expect(await refusal(await post("/cameras/probe", { url: `rtsp://${host}/` }))).toBe("camera.bad_url");
  });

  it("a name that means another address a moment later is connected to as it was looked at", async () => {
    const fake = await camera();
    const ownPorts = () => new Set([fake.port]);
    let asked = 0;
    // A public address for the check, this machine for the connection: the classical re-binding.
    const turning = ((_name: string, _options: object, done: (error: null, found: object[]) => void) => {
      done(null, [{ address: asked++ === 0 ? "203.0.113.9" : "127.0.0.1", family: 4 }]);
    }) as unknown as typeof lookup;
    const answer = new OutboundGuard({ ownPorts }, turning).fetch("service", { idleMs: 300 })(
      `http://rebind.example:${fake.port}/`,
    );
    await expect(answer).rejects.toMatchObject({ code: expect.stringMatching(/^net\./) });
    const outbound = new OutboundGuard({ ownPorts, loopback: "any" });
    expect(await watch(`rtsp://localhost:${fake.port}/`, { outbound }).ended).toBe("rtsp.address");
    expect(fake.connections).toBe(0);
  });

  it.each(["169.254.169.254", "127.0.0.1:8080", "[::1]:8443"])(
    "a camera that redirects to %s is not followed",
    async (host) => {
      const fake = await camera((request) =>
        request.method === "DESCRIBE" ? { status: "302 Moved", headers: { Location: `rtsp://${host}/x` } } : {},
      );
      const outbound = new OutboundGuard({ ownPorts: () => new Set(OWN_PORTS), loopback: new Set([fake.port]) });
      expect(await watch(fake.url, { outbound }).ended).toMatch(/^rtsp\.(address|redirect)/);
    },
  );
});

describe("abuse case 10: targets that the server calls by HTTP lead where they must not, or learn secrets", () => {
  it.each(FORBIDDEN)("http://%s/ is refused as a storage bucket and as an OpenID provider", async (host) => {
    const guard = new OutboundGuard({ ownPorts: () => new Set(OWN_PORTS) });
    for (const purpose of ["service", "webhook"] as const) {
      expect(() => guard.checkUrl(purpose, `http://${host}/`)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^net\./) }),
      );
    }
    const volume = {
      name: `v${host}`,
      kind: "s3",
      tier: "cold",
      location: `http://${host}/bucket`,
      accessKeyId: "AKIA",
      secretAccessKey: "hush-hush",
    };
    const response = await post("/storage/volumes", volume);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await response.text()).not.toContain("hush-hush");
  });

  it("an address that answers with a redirect to this machine is not followed", async () => {
    const inside = createServer((_, answer) => answer.end("inside"));
    let visited = 0;
    inside.on("connection", () => visited++);
    await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", resolve));
    const { port } = inside.address() as { port: number };
    const outside = createServer((_, answer) => answer.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end());
    await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
    const { port: outer } = outside.address() as { port: number };
    const guard = new OutboundGuard({ ownPorts: () => new Set([port]), loopback: new Set([outer]) });
    const fetched = guard.fetch("service")(`http://127.0.0.1:${outer}/`, { redirect: "follow" });
    await expect(fetched).rejects.toMatchObject({ code: expect.stringMatching(/^net\./) });
    expect(visited).toBe(0);
    for (const one of [inside, outside]) await new Promise((resolve) => one.close(resolve));
  });
});
