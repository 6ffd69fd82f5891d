const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/** What WebCodecs must be told of an ADTS stream (ISO/IEC 13818-7, 6.2); undefined: this is none. */
export function adtsConfig(frame: Uint8Array): AudioDecoderConfig | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = frame;
  if (frame.byteLength < 7 || a !== 0xff || (b & 0xf6) !== 0xf0) return undefined;
  const sampleRate = SAMPLE_RATES[(c >> 2) & 0x0f];
  const channels = ((c & 1) << 2) | (d >> 6);
  if (sampleRate === undefined || channels === 0) return undefined;
  return { codec: `mp4a.40.${(c >> 6) + 1}`, sampleRate, numberOfChannels: channels === 7 ? 8 : channels };
}
