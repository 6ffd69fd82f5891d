import { fromBase64, toBase64 } from "./base64.ts";

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const INFO_PREFIX = "fluxvision session v1";

/** One connection's half of the key agreement. The private key cannot be exported and dies with the connection. */
export interface SessionAgreement {
  /** Raw uncompressed point (65 bytes), base64: goes into `hello`. */
  readonly publicKeyBase64: string;
  /** The 32-byte session key, from the server's `welcome`. Throws what WebCrypto throws on a bad point. */
  derive(serverPublicKeyBase64: string, saltBase64: string): Promise<Uint8Array>;
}

/** docs/architecture.md, Keys: HKDF-SHA-256(ECDH secret, salt, "fluxvision session v1" | client public | server public). */
export async function startSessionAgreement(): Promise<SessionAgreement> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const clientPublic = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    publicKeyBase64: toBase64(clientPublic),
    async derive(serverPublicKeyBase64, saltBase64) {
      const serverPublic = fromBase64(serverPublicKeyBase64);
      const imported = await crypto.subtle.importKey("raw", serverPublic, CURVE, false, []);
      const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: imported }, pair.privateKey, 256);
      const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
      const prefix = new TextEncoder().encode(INFO_PREFIX);
      const info = new Uint8Array(prefix.length + clientPublic.length + serverPublic.length);
      info.set(prefix);
      info.set(clientPublic, prefix.length);
      info.set(serverPublic, prefix.length + clientPublic.length);
      const salt = fromBase64(saltBase64);
      return new Uint8Array(
        await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, material, 256),
      );
    },
  };
}
