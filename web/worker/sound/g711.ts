/** G.711 (ITU-T): one byte a sample, 8 kHz, mono. */
export const G711_RATE = 8000;

const ULAW = tableOf((code) => {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4);
  return (bits & 0x80) === 0 ? magnitude - 0x84 : 0x84 - magnitude;
});

const ALAW = tableOf((code) => {
  const bits = code ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = (bits & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return (bits & 0x80) === 0 ? -magnitude : magnitude;
});

function tableOf(decode: (code: number) => number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => decode(code) / 32_768);
}

/** Samples from -1 to 1. */
export function decodeG711(law: "pcmu" | "pcma", bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const table = law === "pcmu" ? ULAW : ALAW;
  const samples = new Float32Array(bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at++) samples[at] = table[bytes[at] ?? 0] ?? 0;
  return samples;
}
