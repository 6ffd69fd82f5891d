import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { adtsHeader, parseAacConfig } from "./aac.ts";
import { AudioTrack } from "./audio-track.ts";
import { CaptureClock } from "./capture-clock.ts";
import { hex, packetOf, toHex } from "./testkit/packets.ts";
import { Timeline } from "./timeline.ts";

const AAC = {
  encoding: "MPEG4-GENERIC",
  clockRate: 16_000,
  channels: 1,
  parameters: new Map([
    ["mode", "AAC-hbr"],
    ["config", "1408"],
    ["sizelength", "13"],
    ["indexlength", "3"],
    ["indexdeltalength", "3"],
  ]),
};
const PCMU = { encoding: "PCMU", clockRate: 8000, channels: 1, parameters: new Map<string, string>() };

interface Heard {
  readonly data: string;
  readonly pts: number;
  readonly discontinuity: boolean;
}

function track(description: typeof AAC): { audio: AudioTrack; heard: Heard[] } {
  const heard: Heard[] = [];
  const audio = new AudioTrack(description, new SimulatedClock(), {
    onAccessUnit: ({ data, pts, discontinuity }) => heard.push({ data: data.map(toHex).join(" "), pts, discontinuity }),
    onFormat: () => undefined,
  });
  return { audio, heard };
}

describe("AAC configurations (ISO/IEC 14496-3)", () => {
  it.each([
    { config: "1408", expected: { objectType: 2, sampleRate: 16_000, channels: 1 } },
    { config: "1210", expected: { objectType: 2, sampleRate: 44_100, channels: 2 } },
    { config: "2b920800", expected: { objectType: 2, sampleRate: 22_050, channels: 2 } },
  ])("$config", ({ config, expected }) => {
    expect(parseAacConfig(hex(config))).toMatchObject(expected);
  });

  it.each(["", "14", "f8", "1780000000", "1400"])("refused: %j", (config) => {
    expect(() => parseAacConfig(hex(config))).toThrowError(expect.objectContaining({ code: "rtp.unsupported" }));
  });

  it("become ADTS headers", () => {
    // AAC-LC, 16 kHz, mono, 5 + 7 bytes.
    expect(toHex(adtsHeader(parseAacConfig(hex("1408")), 5))).toBe("fff16040019ffc");
  });
});

describe("audio tracks", () => {
  it("put each AAC frame of a packet into an ADTS frame of its own time", () => {
    const { audio, heard } = track(AAC);
    audio.onPacket(packetOf({ timestamp: 1000, marker: true }, hex("0020 0010 0018 aabb ccddee")), millis(0));
    expect(heard).toEqual([
      {
        data: `${toHex(adtsHeader(parseAacConfig(hex("1408")), 2))} aabb`,
        pts: 0,
        discontinuity: true,
      },
      { data: `${toHex(adtsHeader(parseAacConfig(hex("1408")), 3))} ccddee`, pts: 64_000, discontinuity: false },
    ]);
    expect(audio.format).toMatchObject({ codecString: "mp4a.40.2", sampleRate: 16_000, channels: 1 });
  });

  it("put a frame together that came in pieces, and drop one that lost a piece", () => {
    const { audio, heard } = track(AAC);
    audio.onPacket(packetOf({ timestamp: 0 }, hex("0010 0020 0102")), millis(0));
    audio.onPacket(packetOf({ timestamp: 0, marker: true }, hex("0010 0020 0304")), millis(0));
    audio.onPacket(packetOf({ timestamp: 1024 }, hex("0010 0020 0506")), millis(0));
    audio.onLost();
    audio.onPacket(packetOf({ timestamp: 2048, marker: true }, hex("0010 0010 0708")), millis(0));
    expect(heard.map(({ data }) => data.split(" ")[1])).toEqual(["01020304", "0708"]);
    expect(heard[1]?.discontinuity).toBe(true);
  });

  it.each(["", "00", "0000", "0010", "ffff0010", "0010 0020"])("count payloads that are none: %j", (payload) => {
    const { audio, heard } = track(AAC);
    audio.onPacket(packetOf({}, hex(payload)), millis(0));
    expect(heard).toEqual([]);
  });

  it("pass G.711 on as it is", () => {
    const { audio, heard } = track(PCMU);
    audio.onPacket(packetOf({ timestamp: 0 }, hex("ff7f")), millis(0));
    audio.onPacket(packetOf({ timestamp: 160 }, hex("01")), millis(20));
    expect(heard).toEqual([
      { data: "ff7f", pts: 0, discontinuity: true },
      { data: "01", pts: 20_000, discontinuity: false },
    ]);
  });

  it("lay themselves beside the video when both have reported", () => {
    const { audio, heard } = track(PCMU);
    const video = new Timeline(90_000);
    const videoClock = new CaptureClock(90_000);
    const clock = new SimulatedClock();
    const ntp = 3_913_056_000;
    video.startNow(millis(0));
    audio.timeline.startNow(millis(0));
    video.place(9000, millis(100));
    audio.onPacket(packetOf({ timestamp: 8000 }, hex("01")), millis(100));
    // Captured at the same moment: video at 9000 ticks, audio 250 ms later in its own count.
    videoClock.report(ntp, 0, 9000, clock.utcMicros(), millis(100));
    audio.alignTo(video, videoClock);
    audio.captureClock.report(ntp, 0, 8000 - 2000, clock.utcMicros(), millis(100));
    audio.alignTo(video, videoClock);
    audio.onPacket(packetOf({ timestamp: 8160 }, hex("02")), millis(120));
    expect(heard.map(({ pts }) => pts)).toEqual([100_000, 100_000 + 20_000 + 250_000]);
  });

  it.each([
    { ...PCMU, clockRate: 16_000 },
    { ...PCMU, encoding: "OPUS" },
    { ...AAC, parameters: new Map([...AAC.parameters, ["mode", "generic"]]) },
    { ...AAC, parameters: new Map([...AAC.parameters, ["config", "zz"]]) },
    { ...AAC, parameters: new Map([...AAC.parameters, ["sizelength", "0"]]) },
  ])("know what they cannot carry: %o", (description) => {
    expect(AudioTrack.supports(description)).toBe(false);
  });
});
