import type { MessagePort } from "node:worker_threads";
import type { CameraState } from "../../shared/wire/control-messages.ts";
import type { FrontSettings } from "./front/front-settings.ts";

/** Messages between the main thread and the relay thread, which owns every client connection. */

/** PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface RelayCertificates {
  readonly tls: KeyPair;
  /** Short-lived ECDSA P-256 certificate for WebTransport (<= 14 days), and its SHA-256. */
  readonly webTransport: KeyPair & { readonly hashBase64: string };
}

export interface RelayWorkerData {
  readonly logLevel: string;
  readonly httpPort: number;
  readonly httpHost: string;
  /** Undefined: no TLS listener. */
  readonly tls: (RelayCertificates["tls"] & { readonly port: number }) | undefined;
  readonly webTransport: (RelayCertificates["webTransport"] & { readonly port: number }) | undefined;
  /** Unix socket (or named pipe) on which the main thread serves HTTP; requests are passed on to it. */
  readonly upstreamSocket: string;
  readonly quotaKbps: number;
  /** Origins besides our own from which a socket may be opened. */
  readonly allowedOrigins: readonly string[];
  readonly front?: Partial<FrontSettings>;
}

export interface CameraRoute {
  readonly cameraId: string;
  readonly name: string;
  readonly streams: readonly { readonly streamId: number; readonly role: "main" | "sub" }[];
}

export interface WrappedKey {
  readonly cameraId: string;
  readonly keyId: number;
  readonly generation: number;
  readonly epoch: number;
  readonly suite: number;
  readonly wrapped: string;
}

export interface Authenticated {
  readonly userId: string;
  readonly sessionId: string;
  readonly tokenExpiresAtMicros: number;
  /** Server's P-256 public key (65 bytes) and HKDF salt, base64. The session key itself stays on the main thread. */
  readonly publicKey: string;
  readonly salt: string;
}

export type ToRelay =
  | { readonly type: "ingest-port"; readonly workerIndex: number; readonly port: MessagePort }
  | { readonly type: "cameras"; readonly cameras: readonly CameraRoute[] }
  | {
      readonly type: "camera-status";
      readonly cameraId: string;
      readonly state: CameraState;
      readonly reason: string | undefined;
      readonly recording: boolean;
    }
  | { readonly type: "end-session"; readonly sessionId: string; readonly code: string }
  | { readonly type: "access-changed"; readonly userId: string }
  /** Renewed ones: HTTPS goes on with the new one, WebTransport begins anew; `ready` is said again. */
  | { readonly type: "certificates"; readonly certificates: RelayCertificates }
  | {
      readonly type: "reply";
      readonly requestId: number;
      readonly value?: unknown;
      readonly error?: { readonly code: string; readonly message: string };
    }
  | { readonly type: "stats"; readonly requestId: number }
  | { readonly type: "close" };

export type FromRelay =
  | {
      readonly type: "ready";
      readonly httpPort: number;
      readonly tlsPort: number | undefined;
      readonly webTransportPort: number | undefined;
      /** One line for a person. */
      readonly webTransportError: string | undefined;
      /** What the system said, in full. */
      readonly webTransportDetail?: string | undefined;
    }
  /** Every 5 s: the thread is alive. */
  | { readonly type: "heartbeat" }
  /** Answered by `reply`; the reply's value is what `RelayAuthority` says. */
  | {
      readonly type: "request";
      readonly requestId: number;
      readonly method: AuthorityMethod;
      readonly args: readonly unknown[];
    }
  | { readonly type: "viewer-closed"; readonly connectionId: string }
  /** The viewer looks at these cameras no more. */
  | { readonly type: "viewer-left"; readonly connectionId: string; readonly cameraIds: readonly string[] }
  | {
      readonly type: "stats";
      readonly requestId: number;
      readonly viewers: number;
      readonly framesRelayed: number;
      readonly bytesRelayed: number;
      readonly framesDropped: number;
    }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "closed" };

/** A segment, or what of it is safely on disk, as playback reads it. */
export interface ArchiveSegment {
  readonly segmentId: number;
  readonly cameraId: string;
  readonly streamId: number;
  readonly role: "main" | "sub";
  readonly runId: string;
  readonly startMicros: number;
  readonly endMicros: number;
  /** Readable bytes: beyond them nothing is promised. */
  readonly bytes: number;
  readonly closed: boolean;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly place:
    | { readonly kind: "file"; readonly path: string }
    /** Fetched through the main thread, which alone holds the bucket's credentials: `archiveBytes`. */
    | { readonly kind: "object"; readonly volumeId: string; readonly key: string };
}

export interface ArchiveAnswer {
  readonly allowed: boolean;
  /** Sound too: its frames are left out otherwise. */
  readonly audible: boolean;
  /** In order of time (backward: newest first), at most 64; the caller asks again from the last one's end. */
  readonly segments: readonly ArchiveSegment[];
  /** Nearest footage outside the bounds. */
  readonly earlierMicros: number | undefined;
  readonly laterMicros: number | undefined;
}

export type AuthorityMethod = keyof RelayAuthority | keyof ArchiveAuthority;

/** Decided on the main thread: the relay thread holds no secret and takes no decision on access. */
export interface RelayAuthority {
  /** Checks the access token, does the ECDH half. Throws `auth.*`. */
  /** `address`: the client's, as far as the transport tells; a token that is bound to networks is refused without it. */
  authenticate(connectionId: string, token: string, clientPublicKey: string, address?: string): Promise<Authenticated>;
  /** A newer token of the same session. Throws `auth.*`. */
  renew(connectionId: string, token: string): Promise<{ tokenExpiresAtMicros: number }>;
  /** Which of the cameras this connection may view live, and hear, with the keys of the current and next epoch. */
  authorise(
    connectionId: string,
    cameraIds: readonly string[],
  ): Promise<{ allowed: readonly string[]; audible: readonly string[]; keys: readonly WrappedKey[] }>;
  /** One key, if the connection may see that camera at that time; undefined if not. */
  key(
    connectionId: string,
    cameraId: string,
    keyId: number,
    generation: number,
    epoch: number,
  ): Promise<WrappedKey | undefined>;
}

/** As `RelayAuthority`, for playback. */
export interface ArchiveAuthority {
  /** Which files hold that camera's footage of that time, if this connection may play it back. */
  archive(
    connectionId: string,
    query: {
      readonly cameraId: string;
      readonly role: "main" | "sub";
      readonly direction: "forward" | "backward";
      readonly fromMicros: number;
      readonly toMicros: number;
    },
  ): Promise<ArchiveAnswer>;
  /** Keys of archived frames, in the order asked for; undefined where none is given. `revoked`: destroyed for good. */
  archiveKeys(
    connectionId: string,
    cameraId: string,
    names: readonly { readonly keyId: number; readonly generation: number; readonly epoch: number }[],
  ): Promise<readonly (WrappedKey | "revoked" | undefined)[]>;
  /** Part of an object of cold storage that `archive` named; whoever asks has looked at the viewer's right. */
  archiveBytes(segmentId: number, offset: number, length: number): Promise<Uint8Array>;
}
