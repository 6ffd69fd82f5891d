/** Compiles the crypto binary unless it is up to date; resolves to the path of flux-crypto.wasm. */
export function buildCrypto(): Promise<string>;
