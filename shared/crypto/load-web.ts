import { FluxError } from "../lib/errors.ts";
import type { FluxCrypto } from "./types.ts";

/** Fetches the binary that the build placed beside the page. */
export async function loadFluxCrypto(): Promise<FluxCrypto> {
  throw new FluxError("crypto.unavailable", "crypto binary not linked yet");
}
