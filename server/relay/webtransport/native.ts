import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describeError, errorCode, FluxError } from "../../../shared/lib/errors.ts";

/** The parts of @moq/web-transport's native module that the relay uses. */
export interface NativeSendStream {
  /** Resolves when the connection's send buffer has taken the bytes. */
  write(data: Buffer): Promise<void>;
  finish(): Promise<void>;
  reset(code: number): Promise<void>;
  /** Higher goes first. */
  setPriority(priority: number): Promise<void>;
}
export interface NativeRecvStream {
  /** Null at the end. */
  read(maxBytes: number): Promise<Buffer | null>;
  stop(code: number): Promise<void>;
}
export interface NativeSession {
  acceptBi(): Promise<{ takeSend(): NativeSendStream; takeRecv(): NativeRecvStream }>;
  acceptUni(): Promise<NativeRecvStream>;
  openUni(): Promise<NativeSendStream>;
  close(code: number, reason: string): void;
  closed(): Promise<{ closeCode: number; reason: string }>;
}
export interface NativeRequest {
  readonly url: Promise<string>;
  ok(): Promise<NativeSession>;
  reject(status: number): Promise<void>;
}
export interface NativeServer {
  /** Null when the server was closed. */
  accept(): Promise<NativeRequest | null>;
  /** Blocks the thread for good while an `accept` is under way (seen in 0.1.4): never call it then. */
  close(): void;
}
export interface NativeModule {
  readonly NapiServer: { bind(address: string, certificatePem: Buffer, privateKeyPem: Buffer): NativeServer };
  readonly NapiClient: {
    withCertificateHashes(hashes: Buffer[]): { connect(url: string): Promise<Pick<NativeSession, "close">> };
  };
}

/**
 * Loads the native module. The package's own entry is TypeScript source, which Node does not run from node_modules; the
 * loader beside it is plain CommonJS. Throws `webtransport.unavailable` where it is not installed or cannot load
 * (glibc older than 2.38, unknown platform).
 */
export function loadNative(): NativeModule {
  try {
    const require = createRequire(import.meta.url);
    const entry = require.resolve("@moq/web-transport");
    return require(join(dirname(entry), "..", "napi.cjs")) as NativeModule;
  } catch (cause) {
    throw new FluxError("webtransport.unavailable", whyNot(cause), { cause });
  }
}

/** What the loader says is several lines long; this is for a person. */
function whyNot(cause: unknown): string {
  const text = describeError(cause);
  if (/GLIBC_\d/.test(text)) return "WebTransport needs glibc 2.38 or newer";
  if (errorCode(cause) === "MODULE_NOT_FOUND") return "WebTransport's native module is not installed";
  return "WebTransport's native module does not load on this system";
}

/**
 * The module keeps a server's UDP socket open until the last handle of that server (sessions, streams, requests) is
 * garbage, and 0.1.4 has no other way to let go of them: whoever listens at the same port again cannot wait for that.
 */
export function collectHandles(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
