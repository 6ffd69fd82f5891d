import { FluxError } from "../../../shared/lib/errors.ts";

/** The browser's half of the session key (docs/architecture.md, "Keys"). The private key cannot leave WebCrypto. */

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
const INFO = "fluxvision session v1";
const PUBLIC_KEY_BYTES = 65;
const SESSION_KEY_BITS = 256;

export interface SessionKeyOffer {
  /** Raw uncompressed point (65 bytes), base64, for `hello`. */
  readonly publicKey: string;
  /** The 32-byte session key, from the server's `welcome`. Rejects with `session.bad_key`. */
  derive(serverPublicKey: string, salt: string): Promise<Uint8Array>;
}

export async function createSessionKeyOffer(): Promise<SessionKeyOffer> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const own = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    publicKey: toBase64(own),
    async derive(serverPublicKey, salt) {
      try {
        const server = fromBase64(serverPublicKey);
        if (server.byteLength !== PUBLIC_KEY_BYTES) throw new RangeError("not an uncompressed P-256 point");
        const peer = await crypto.subtle.importKey("raw", server, CURVE, false, []);
        const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, pair.privateKey, 256);
        const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
        new Uint8Array(secret).fill(0);
        const label = new TextEncoder().encode(INFO);
        const info = new Uint8Array(label.byteLength + 2 * PUBLIC_KEY_BYTES);
        info.set(label);
        info.set(own, label.byteLength);
        info.set(server, label.byteLength + PUBLIC_KEY_BYTES);
        const hkdf = { name: "HKDF", hash: "SHA-256", salt: fromBase64(salt), info } as const;
        return new Uint8Array(await crypto.subtle.deriveBits(hkdf, base, SESSION_KEY_BITS));
      } catch (cause) {
        throw new FluxError("session.bad_key", "the server's half of the session key is not usable", { cause });
      }
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Standard or URL-safe alphabet. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(standard), (char) => char.charCodeAt(0));
}
