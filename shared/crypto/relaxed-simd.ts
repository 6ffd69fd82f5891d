/**
 * A module of one function that applies i8x16.relaxed_swizzle to two zero vectors and returns a lane:
 * (func (result i32) (i8x16.extract_lane_u 0 (i8x16.relaxed_swizzle (v128.const 0) (v128.const 0))))
 */
const PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 10, 18, 1, 16, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  253, 128, 2, 253, 22, 0, 11,
]);

/** Whether this engine has relaxed SIMD: V8 since 11.4 (Chromium 114, Node 22), not yet every browser. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(PROBE);
}

/** The file of dist/crypto that serves this engine best. */
export function cryptoBinaryName(): string {
  return hasRelaxedSimd() ? "flux-crypto-relaxed.wasm" : "flux-crypto.wasm";
}
