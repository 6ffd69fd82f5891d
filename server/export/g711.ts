/** G.711 (ITU-T): 8 bits per sample to 16, for containers that have no place for it. */
export function decodeG711(law: "pcmu" | "pcma", samples: Uint8Array): Uint8Array {
  const table = law === "pcmu" ? MU_LAW : A_LAW;
  const out = new Uint8Array(samples.length * 2);
  const view = new DataView(out.buffer);
  for (const [at, sample] of samples.entries()) view.setInt16(at * 2, table[sample] ?? 0, true);
  return out;
}

const MU_LAW = Int16Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84;
  return (inverted & 0x80) !== 0 ? -magnitude : magnitude;
});

const A_LAW = Int16Array.from({ length: 256 }, (_, code) => {
  const toggled = code ^ 0x55;
  const exponent = (toggled & 0x70) >> 4;
  const mantissa = ((toggled & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (toggled & 0x80) !== 0 ? magnitude : -magnitude;
});
