import { describe, expect, it } from "vitest";
import { CODEC_IDS } from "../../../shared/media/types.ts";
import { adtsConfig } from "./adts.ts";
import { decodeG711 } from "./g711.ts";
import { type Sound, SoundDecoder } from "./sound-decoder.ts";

describe("G.711", () => {
  it("is what ITU-T G.711 says of its corners", () => {
    const ulaw = decodeG711("pcmu", Uint8Array.of(0x00, 0x80, 0xfe, 0x7e));
    expect([...ulaw].map((sample) => sample * 32_768)).toEqual([-32_124, 32_124, 8, -8]);
    const alaw = decodeG711("pcma", Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55));
    expect([...alaw].map((sample) => sample * 32_768)).toEqual([-32_256, 32_256, 8, -8]);
  });

  it("grows with its code, on both sides of nothing", () => {
    // Codes of A-law in the order of their magnitude: 0x55 toggles every other bit.
    const codes = Uint8Array.from({ length: 128 }, (_, index) => (index | 0x80) ^ 0x55);
    const samples = [...decodeG711("pcma", codes)];
    expect(samples).toEqual([...samples].sort((a, b) => a - b));
    expect(new Set(samples).size).toBe(128);
    const loud = Uint8Array.from({ length: 128 }, (_, index) => ~index & 0xff);
    const ulaw = [...decodeG711("pcmu", loud)];
    expect(ulaw).toEqual([...ulaw].sort((a, b) => a - b));
  });
});

describe("ADTS", () => {
  const frame = (bytes: readonly number[]): Uint8Array => Uint8Array.from([...bytes, 0, 0, 0, 0, 0, 0, 0]);

  it("tells what a decoder must know", () => {
    // AAC-LC, 16 kHz, mono; 48 kHz, stereo.
    expect(adtsConfig(frame([0xff, 0xf1, 0x60, 0x40]))).toEqual({
      codec: "mp4a.40.2",
      sampleRate: 16_000,
      numberOfChannels: 1,
    });
    expect(adtsConfig(frame([0xff, 0xf1, 0x4c, 0x80]))).toEqual({
      codec: "mp4a.40.2",
      sampleRate: 48_000,
      numberOfChannels: 2,
    });
  });

  it("is nothing else", () => {
    expect(adtsConfig(frame([0xff, 0xe1, 0x60, 0x40]))).toBeUndefined();
    expect(adtsConfig(frame([0xff, 0xf1, 0x7c, 0x40]))).toBeUndefined();
    expect(adtsConfig(frame([0xff, 0xf1, 0x60, 0x00]))).toBeUndefined();
    expect(adtsConfig(Uint8Array.of(0xff, 0xf1, 0x60))).toBeUndefined();
  });
});

describe("the decoder", () => {
  it("decodes G.711 by itself, and leaves out what is no sound", () => {
    const heard: Sound[] = [];
    const decoder = new SoundDecoder(
      (sound) => heard.push(sound),
      () => {
        throw new Error("no AAC here");
      },
    );
    decoder.decode(CODEC_IDS.pcmu, new Uint8Array(160).fill(0xff), 5_000_000);
    decoder.decode(CODEC_IDS.h264, new Uint8Array(160), 6_000_000);
    decoder.decode(CODEC_IDS.aac, new Uint8Array(160), 7_000_000);
    decoder.decode(CODEC_IDS.aac, Uint8Array.of(0xff, 0xf1, 0x60, 0x40, 0, 0, 0, 0), 8_000_000);
    decoder.reset();
    expect(heard.map(({ micros, sampleRate, channels }) => [micros, sampleRate, channels.length])).toEqual([
      [5_000_000, 8000, 1],
    ]);
    expect(heard[0]?.channels[0]).toEqual(new Float32Array(160));
  });
});
