const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
export const AAC_SAMPLES = 1024;

export interface AdtsFacts {
  readonly objectType: number;
  readonly sampleRate: number;
  readonly channels: number;
}

/** What an ADTS frame says of itself (ISO/IEC 13818-7, 6.2); undefined: it is none. */
export function readAdts(frame: Uint8Array): AdtsFacts | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = frame;
  if (frame.byteLength < 8 || first !== 0xff || (second & 0xf6) !== 0xf0) return undefined;
  const sampleRate = SAMPLE_RATES[(third >> 2) & 15];
  const configuration = ((third & 1) << 2) | (fourth >> 6);
  if (sampleRate === undefined || configuration === 0) return undefined;
  return { objectType: (third >> 6) + 1, sampleRate, channels: configuration === 7 ? 8 : configuration };
}
