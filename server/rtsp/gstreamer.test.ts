import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { H264_RULES, H265_RULES, NAL, type NalRules } from "../rtp/nal-rules.ts";
import { splitAnnexB } from "../rtp/testkit/annex-b.ts";
import { startPull } from "./pull.ts";

// An RTSP server that nobody here wrote, playing real footage; both lie beside the repository and may be absent.
const SHARED = resolve(import.meta.dirname, "../../../shared");
const SERVER = join(SHARED, "tools/rtsp-cameras.py");
const MEDIA = join(SHARED, "media");
const PYTHON = "/usr/bin/python3";

function missing(): string | undefined {
  if (!existsSync(SERVER)) return "../shared is not there";
  try {
    execFileSync(PYTHON, ["-c", "import gi; gi.require_version('GstRtspServer', '1.0')"], { stdio: "ignore" });
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "GStreamer's RTSP server or FFmpeg is not installed";
  }
}

const reason = missing();
if (reason !== undefined) process.stdout.write(`skipped: cameras of GStreamer (${reason})\n`);

interface PulledUnit {
  readonly keyframe: boolean;
  readonly pts: number;
  readonly dts: number;
  readonly cameraTime: number | undefined;
  readonly arrivalTime: number;
  /** The NAL units that carry the picture, as they were stored in the file. */
  readonly slices: string[];
  readonly sets: number;
}

function freePort(): Promise<number> {
  return new Promise((resolvePort) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Resolves when something accepts connections at the port. */
function listening(port: number): Promise<void> {
  return new Promise((resolveListening) => {
    const attempt = (): void => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolveListening();
      });
      socket.once("error", () => setTimeout(attempt, 20));
    };
    attempt();
  });
}

function slicesOf(rules: NalRules, bytes: Uint8Array): { slices: string[]; sets: number } {
  const slices: string[] = [];
  let sets = 0;
  for (const nal of splitAnnexB(bytes)) {
    const kind = rules.kind(rules.type(nal[0] as number));
    if (kind === NAL.parameterSet) sets++;
    if (kind === NAL.slice || kind === NAL.keySlice) slices.push(Buffer.from(nal).toString("base64"));
  }
  return { slices, sets };
}

/** Pulls until so many units have come. */
function pullUnits(
  url: string,
  rules: NalRules,
  count: number,
  options: { transport?: "tcp" | "udp"; username?: string; password?: string } = {},
): Promise<{ units: PulledUnit[]; format: StreamFormat | undefined; lost: number }> {
  return new Promise((resolvePull, reject) => {
    const units: PulledUnit[] = [];
    let format: StreamFormat | undefined;
    const pull = startPull(
      {
        url,
        transport: options.transport ?? "tcp",
        username: options.username,
        password: options.password,
        allowUntrustedCertificate: false,
        clock: systemClock(),
        connectTimeout: millis(10_000),
        stallTimeout: millis(10_000),
        outbound: new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" }),
      },
      {
        onAccessUnit(unit) {
          if (units.length >= count) return;
          const { keyframe, pts, dts, cameraTime, arrivalTime } = unit;
          units.push({ keyframe, pts, dts, cameraTime, arrivalTime, ...slicesOf(rules, Buffer.concat(unit.data)) });
          if (units.length === count) {
            const lost = pull.stats().lostPackets;
            pull.close().then(() => resolvePull({ units, format, lost }), reject);
          }
        },
        onFormat(next) {
          format = next;
        },
        onSession: () => undefined,
      },
    );
    pull.done.catch((error: unknown) => {
      if (units.length < count) reject(error);
    });
  });
}

/** What FFmpeg finds in the file: pictures in decoding order, their NAL units, and their presentation times in µs. */
function originalUnits(file: string, rules: NalRules, folder: string): { slices: string[]; pts: number }[] {
  const raw = join(folder, "original.bin");
  const muxer = rules.codec === "h264" ? "h264" : "hevc";
  execFileSync("ffmpeg", ["-v", "error", "-y", "-i", file, "-map", "0:v", "-c", "copy", "-f", muxer, raw]);
  const units: string[][] = [];
  for (const nal of splitAnnexB(readFileSync(raw))) {
    const kind = rules.kind(rules.type(nal[0] as number));
    if (kind !== NAL.slice && kind !== NAL.keySlice) continue;
    if ((nal[rules.headerBytes] as number) >= 0x80) units.push([]);
    units.at(-1)?.push(Buffer.from(nal).toString("base64"));
  }
  const times = execFileSync("ffprobe", [
    "-v",
    "error",
    "-select_streams",
    "v",
    "-show_entries",
    "packet=pts_time",
    "-of",
    "csv=p=0",
    file,
  ])
    .toString()
    .trim()
    .split("\n")
    .map((line) => Math.round(Number.parseFloat(line) * 1e6));
  expect(times.length).toBe(units.length);
  return units.map((slices, i) => ({ slices, pts: times[i] as number }));
}

describe.skipIf(reason !== undefined)("cameras of GStreamer's RTSP server", () => {
  const children: ChildProcess[] = [];
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fluxvision-rtsp-"));
  });
  afterAll(() => {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts cameras; each mount is used for one session only, as this server cannot play one again. */
  async function cameras(...args: string[]): Promise<string> {
    const port = await freePort();
    const child = spawn(PYTHON, [SERVER, "--port", String(port), ...args], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    return new Promise((resolveCameras, reject) => {
      child.once("exit", () => reject(new Error("the camera server ended")));
      // It prints its addresses a moment before it listens.
      child.stdout.once("data", () => void listening(port).then(() => resolveCameras(`rtsp://127.0.0.1:${port}`)));
    });
  }

  it.each([
    {
      name: "H.264 without B pictures",
      file: "car-sub-360p.mp4",
      codec: "h264",
      rules: H264_RULES,
      reorders: false,
      learns: 0,
    },
    {
      name: "H.264 with B pictures",
      file: "one-by-one-person-detection.mp4",
      codec: "h264",
      rules: H264_RULES,
      reorders: true,
      // Its parameter sets do not tell how deep it reorders: learnt at the first B picture.
      learns: 1,
    },
    { name: "H.265", file: "car-hevc-720p.mp4", codec: "h265", rules: H265_RULES, reorders: true, learns: 0 },
  ])(
    "$name: every picture is byte for byte the file's",
    { timeout: 60_000 },
    async ({ file, codec, rules, reorders, learns }) => {
      const path = join(MEDIA, file);
      const base = await cameras("--main", path, "--codec", codec);
      const original = originalUnits(path, rules, folder);
      const { units, format } = await pullUnits(`${base}/cam01/main`, rules, 60);
      expect(format?.codec).toBe(codec);
      const start = original.findIndex(({ slices }) => slices[0] === units[0]?.slices[0]);
      expect(start).toBeGreaterThanOrEqual(0);
      const expected = original.slice(start, start + units.length);
      expect(units.map(({ slices }) => slices)).toEqual(expected.map(({ slices }) => slices));
      const firstPts = units[0]?.pts ?? 0;
      units.forEach((unit, i) => {
        const wanted = (expected[i]?.pts ?? 0) - (expected[0]?.pts ?? 0);
        expect(Math.abs(unit.pts - firstPts - wanted)).toBeLessThan(1100);
        expect(unit.dts).toBeLessThanOrEqual(unit.pts);
        if (unit.keyframe) expect(unit.sets).toBe(rules.requiredSets.length);
      });
      expect(units.some((unit, i) => i > 0 && unit.pts < (units[i - 1]?.pts ?? 0))).toBe(reorders);
      expect(units.filter((unit, i) => i > 0 && unit.dts <= (units[i - 1]?.dts ?? 0)).length).toBe(learns);
    },
  );

  it("H.264 over UDP", { timeout: 60_000 }, async () => {
    const path = join(MEDIA, "car-sub-360p.mp4");
    const base = await cameras("--main", path);
    const original = originalUnits(path, H264_RULES, folder);
    const { units, lost } = await pullUnits(`${base}/cam01/main`, H264_RULES, 40, { transport: "udp" });
    expect(lost).toBe(0);
    const start = original.findIndex(({ slices }) => slices[0] === units[0]?.slices[0]);
    expect(units.map(({ slices }) => slices)).toEqual(original.slice(start, start + 40).map(({ slices }) => slices));
  });

  it("goes on, on one timeline, where the camera starts its timestamps anew", { timeout: 60_000 }, async () => {
    const base = await cameras("--main", join(MEDIA, "car-hevc-720p.mp4"), "--codec", "h265");
    const { units } = await pullUnits(`${base}/cam01/main`, H265_RULES, 140);
    for (let i = 1; i < units.length; i++) expect(units[i]?.dts).toBeGreaterThan(units[i - 1]?.dts ?? 0);
    const span = Math.max(...units.map(({ pts }) => pts)) - (units[0]?.pts ?? 0);
    expect(span).toBeGreaterThan(10_500_000);
    expect(span).toBeLessThan(14_000_000);
  });

  it("tells the camera's time from its sender reports", { timeout: 60_000 }, async () => {
    const base = await cameras("--stamp", "--fps", "15");
    const { units } = await pullUnits(`${base}/cam01/main`, H264_RULES, 60);
    const stamped = units.filter(({ cameraTime }) => cameraTime !== undefined);
    expect(stamped.length).toBeGreaterThan(0);
    for (const { cameraTime, arrivalTime } of stamped) {
      expect(Math.abs(arrivalTime - (cameraTime ?? 0))).toBeLessThan(3_000_000);
    }
  });

  it("answers a digest challenge, and knows a wrong password", { timeout: 60_000 }, async () => {
    const base = await cameras("--main", join(MEDIA, "car-sub-360p.mp4"), "--user", "admin", "--password", "pass word");
    const url = `${base}/cam01/main`;
    const wrong = await pullUnits(url, H264_RULES, 1, { username: "admin", password: "wrong" }).catch(errorCode);
    expect(wrong).toBe("rtsp.unauthorised");
    const none = await pullUnits(url, H264_RULES, 1).catch(errorCode);
    expect(none).toBe("rtsp.unauthorised");
    const { units } = await pullUnits(url, H264_RULES, 5, { username: "admin", password: "pass word" });
    expect(units[0]?.keyframe).toBe(true);
  });

  it("knows a path that is not there", { timeout: 60_000 }, async () => {
    const base = await cameras("--main", join(MEDIA, "car-sub-360p.mp4"));
    expect(await pullUnits(`${base}/nothing`, H264_RULES, 1).catch(errorCode)).toBe("rtsp.not_found");
  });
});
