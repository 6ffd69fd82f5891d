import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type {
  Camera,
  createCameraRequest,
  ProbeResponse,
  probeRequest,
  updateCameraRequest,
} from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { StreamRole } from "../../shared/media/types.ts";
import { gainedAt } from "../access/access.ts";
import { can, canAt, type Principal } from "../auth/policy.ts";
import type { Logger } from "../core/log.ts";
import { toDate } from "../db/time.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { formatBody, statusBody } from "./camera-status.ts";
import type { CameraRecord, CameraStore, CameraValues } from "./camera-store.ts";
import { type CameraUrl, hasControlCharacters, parseCameraUrl } from "./camera-url.ts";
import type { CameraSource, MediaPlane } from "./media-plane.ts";
import { mayShowPicture } from "./probe-rights.ts";

export type CreateCamera = z.infer<typeof createCameraRequest>;
export type UpdateCamera = z.infer<typeof updateCameraRequest>;
export type ProbeCamera = z.infer<typeof probeRequest>;

export interface CameraRights {
  /** Throws `auth.session_ended`. */
  current(by: Principal): Promise<Principal>;
  /** Throws `access.escalation` where others would gain what `by` does not hold. */
  requireMovable(by: Principal, cameraId: string, from: string | undefined, to: string): Promise<void>;
}

export interface CameraServiceParts {
  readonly store: CameraStore;
  readonly media: MediaPlane;
  readonly clock: Clock;
  readonly log: Logger;
  /** Decides where a camera may be. */
  readonly outbound: OutboundGuard;
  /** Who may do what, asked when it is done: what was true of the caller when he asked may be over. */
  readonly rights: CameraRights;
  /** The set of cameras changed, or the name or the streams of one. */
  readonly onChange?: (cameras: readonly CameraSource[]) => void;
  readonly onRemoved?: (cameraId: string) => void;
}

const PROBE_TIMEOUT_MS = 10_000;
/** Probes at once: each holds a connection and up to a few MB of picture. */
const MAX_PROBES = 4;

/** The cameras: stored, kept in memory, handed to the media plane. Who may call what is decided before, by the route. */
export class CameraService {
  readonly #parts: CameraServiceParts;
  readonly #cameras = new Map<string, CameraRecord>();
  /** Changes run one after the other: database, memory and media plane see them in the same order. */
  #queue: Promise<unknown> = Promise.resolve();
  #probes = 0;

  constructor(parts: CameraServiceParts) {
    this.#parts = parts;
  }

  /** Reads the cameras and hands them to the media plane. */
  async start(): Promise<void> {
    for (const record of await this.#parts.store.all()) {
      this.#cameras.set(record.id, record);
      await this.#put(record);
    }
    this.#changed();
  }

  get count(): number {
    return this.#cameras.size;
  }

  get onlineCount(): number {
    const isOnline = (id: string): boolean => /^(online|degraded)$/.test(this.#parts.media.status(id)?.state ?? "");
    return [...this.#cameras.keys()].filter(isOnline).length;
  }

  sources(): (CameraSource & { readonly group: string })[] {
    return [...this.#cameras.values()].map((record) => ({ ...toSource(record), group: record.group }));
  }

  list(principal: Principal): Camera[] {
    const visible = [...this.#cameras.values()].filter(({ id }) => can(principal, "camera.view", id));
    return visible.sort(byPlace).map((record) => this.#body(record, principal));
  }

  /** Throws `camera.not_found`: the same for a camera that is not there and one that the caller may not see. */
  get(principal: Principal, id: string): Camera {
    const record = this.#cameras.get(id);
    if (!record || !can(principal, "camera.view", id)) throw notFound();
    return this.#body(record, principal);
  }

  /**
   * `backId`: of a camera that is brought back. Throws `camera.bad_url`, `camera.bad_field`, `camera.exists`; `auth.forbidden`
   * for a place that is not the caller's to manage; `access.escalation` where he, or others by him, would gain rights on
   * what was recorded.
   */
  create(principal: Principal, input: CreateCamera, backId?: string): Promise<Camera> {
    const id = backId ?? randomUUID();
    return this.#inOrder(async () => {
      if (this.#cameras.has(id)) throw new FluxError("camera.exists", "there is such a camera");
      const createdAt = toDate(this.#parts.clock.utcMicros());
      const values = this.#values(input, {
        id,
        name: input.name,
        group: "",
        enabled: true,
        transport: "auto",
        allowUntrustedCertificate: false,
        username: undefined,
        password: undefined,
        createdAt,
        urls: new Map(),
      });
      const by = await this.#parts.rights.current(principal);
      requirePlace(by, values.group);
      if (backId !== undefined) {
        requireNoGain(by, values.group);
        await this.#parts.rights.requireMovable(by, id, undefined, values.group);
      }
      return this.#save(values, by);
    });
  }

  /**
   * Fields left out stay as they are. Throws as `create`, `camera.not_found`, `camera.password_needed`; `access.escalation`
   * where the caller would gain rights on the camera by moving it, or give others what he does not hold.
   */
  update(principal: Principal, id: string, input: UpdateCamera): Promise<Camera> {
    return this.#inOrder(async () => {
      const record = this.#cameras.get(id);
      if (!record) throw notFound();
      const by = await this.#parts.rights.current(principal);
      if (!can(by, "camera.manage", id)) throw new FluxError("auth.forbidden", "not permitted any more");
      const { streams, ...rest } = record;
      const urls = new Map(streams.map(({ role, url }) => [role, url] as const));
      const values = this.#values(input, { ...rest, urls });
      // Moving a camera gives it to those who hold rights where it goes.
      if (values.group !== record.group) {
        requirePlace(by, values.group);
        requireNoGain(by, values.group, id);
        await this.#parts.rights.requireMovable(by, id, record.group, values.group);
      }
      return this.#save(values, by);
    });
  }

  /** Throws `camera.not_found`. */
  remove(id: string): Promise<void> {
    return this.#inOrder(async () => {
      if (!this.#cameras.has(id)) throw notFound();
      await this.#parts.store.remove(id, toDate(this.#parts.clock.utcMicros()));
      this.#cameras.delete(id);
      await this.#parts.media
        .removeCamera(id)
        .catch((err) => this.#parts.log.error({ err, camera: id }, "remove camera"));
      this.#parts.onRemoved?.(id);
      this.#changed();
    });
  }

  /**
   * Connects once and says what is there; with the picture only for those who may see it (`mayShowPicture`). Throws
   * `camera.*`, `probe.*`, `rtsp.*`.
   */
  async probe(principal: Principal, input: ProbeCamera): Promise<ProbeResponse> {
    const target = parseCameraUrl(input.url, "url", this.#parts.outbound);
    const stored = input.cameraId === undefined ? undefined : this.#cameras.get(input.cameraId);
    if (input.cameraId !== undefined && (!stored || !can(principal, "camera.manage", input.cameraId))) throw notFound();
    const { username, password } = this.#probeCredentials(input, target, stored);
    if (this.#probes >= MAX_PROBES)
      throw new FluxError("probe.busy", "other connection tests are running, try again shortly");
    this.#probes++;
    try {
      const source = {
        url: target.url,
        username,
        password,
        transport: input.transport ?? stored?.transport ?? "auto",
        allowUntrustedCertificate: input.allowUntrustedCertificate ?? stored?.allowUntrustedCertificate ?? false,
      };
      const result = await this.#parts.media.probe(source, PROBE_TIMEOUT_MS);
      const shown = await mayShowPicture(principal, target, stored?.id, this.#cameras.values(), this.#parts.outbound);
      return {
        format: formatBody(result.format),
        audioFormat: formatBody(result.audioFormat),
        transport: result.transport,
        server: result.server ?? null,
        firstFrameMs: result.firstFrameMs,
        measuredFps: result.measuredFps,
        measuredKbps: result.measuredKbps,
        keyframe: shown ? Buffer.from(result.keyframe).toString("base64") : "",
      };
    } finally {
      this.#probes--;
    }
  }

  /** A stored password goes only to the host that it is stored for. */
  #probeCredentials(input: ProbeCamera, target: CameraUrl, stored: CameraRecord | undefined) {
    const sameHost = stored?.streams.some(({ url }) => hostOf(url) === hostOf(target.url));
    const usable = sameHost ? stored : undefined;
    const username = input.username ?? target.username ?? usable?.username;
    const ownPassword = username === usable?.username ? usable?.password : undefined;
    const password = input.password ?? target.password ?? ownPassword;
    requirePlain(username, "username");
    requirePlain(password, "password");
    return { username, password };
  }

  #values(input: UpdateCamera, before: CameraValues): CameraValues {
    const urls = new Map<StreamRole, string>(before.urls);
    let { username, password } = before;
    const hosts = new Set([...before.urls.values()].map(hostOf));
    let elsewhere = false;
    for (const [role, field, text] of [
      ["main", "url", input.url],
      ["sub", "subUrl", input.subUrl],
    ] as const) {
      if (text === null) urls.delete(role);
      if (typeof text !== "string") continue;
      const parsed = parseCameraUrl(text, field, this.#parts.outbound);
      urls.set(role, parsed.url);
      elsewhere ||= !hosts.has(hostOf(parsed.url));
      if (role === "sub" && parsed.username !== undefined && username !== undefined && parsed.username !== username) {
        throw new FluxError("camera.bad_field", "has another user name than the main stream's address", { field });
      }
      if (parsed.username !== undefined) ({ username, password } = parsed);
    }
    if (input.username !== undefined) username = input.username || undefined;
    if (input.password !== undefined) password = input.password || undefined;
    requirePlain(username, "username");
    requirePlain(password, "password");
    // Whoever may change the address does not know the password: a stored one goes only to the host that it is stored for.
    if (elsewhere && input.password === undefined && password !== undefined && password === before.password) {
      throw new FluxError("camera.password_needed", "a new address needs the password again", { field: "password" });
    }
    return {
      ...before,
      name: input.name ?? before.name,
      group: input.group === undefined ? before.group : groupPath(input.group),
      enabled: input.enabled ?? before.enabled,
      transport: input.transport ?? before.transport,
      allowUntrustedCertificate: input.allowUntrustedCertificate ?? before.allowUntrustedCertificate,
      username,
      password,
      urls,
    };
  }

  async #save(values: CameraValues, principal: Principal): Promise<Camera> {
    const record = await this.#parts.store.put(values, toDate(this.#parts.clock.utcMicros()));
    this.#cameras.set(record.id, record);
    await this.#put(record);
    this.#changed();
    return this.#body(record, principal);
  }

  /** The media plane's trouble is not the caller's: the camera is stored, and its status says what is wrong. */
  async #put(record: CameraRecord): Promise<void> {
    await this.#parts.media
      .putCamera(toSource(record))
      .catch((err) => this.#parts.log.error({ err, camera: record.id }, "camera could not be handed to ingest"));
  }

  #changed(): void {
    this.#parts.onChange?.(this.sources());
  }

  #inOrder<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #body(record: CameraRecord, principal: Principal): Camera {
    const { id, name, group, enabled } = record;
    const manages = can(principal, "camera.manage", id);
    const status = statusBody(this.#parts.media.status(id), enabled, manages);
    const body: Camera = { id, name, group, enabled, status, createdAt: record.createdAt.toISOString() };
    if (!manages) return body;
    const urlOf = (role: StreamRole) => record.streams.find((stream) => stream.role === role)?.url;
    return {
      ...body,
      url: urlOf("main") ?? "",
      subUrl: urlOf("sub") ?? null,
      username: record.username ?? null,
      hasPassword: record.password !== undefined,
      transport: record.transport,
      allowUntrustedCertificate: record.allowUntrustedCertificate,
    };
  }
}

function toSource(record: CameraRecord): CameraSource {
  const { id, name, enabled, username, password, transport, allowUntrustedCertificate, streams } = record;
  return { id, name, enabled, username, password, transport, allowUntrustedCertificate, streams };
}

const collator = new Intl.Collator(undefined, { numeric: true });

function byPlace(a: CameraRecord, b: CameraRecord): number {
  return collator.compare(a.group, b.group) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

function hostOf(url: string): string {
  const { host, port } = parseCameraUrl(url, "url");
  return `${host} ${port}`;
}

function groupPath(text: string): string {
  if (/[\p{Cc}\p{Cf}]/u.test(text)) {
    throw new FluxError("camera.bad_field", "must not contain control characters", { field: "group" });
  }
  const parts = text.split("/").map((part) => part.trim());
  return parts.filter((part) => part !== "").join("/");
}

/** Nobody gets to see what he could not see by putting it where he may see. */
function requireNoGain({ access }: Principal, group: string, cameraId?: string): void {
  if (gainedAt(access, group, cameraId) === undefined) return;
  throw new FluxError("access.escalation", "would give you rights that you do not hold on the camera", {
    field: "group",
  });
}

function requirePlace(principal: Principal, group: string): void {
  if (canAt(principal, "camera.manage", group)) return;
  throw new FluxError("auth.forbidden", "not permitted to manage cameras there", { field: "group" });
}

function requirePlain(text: string | undefined, field: string): void {
  if (text !== undefined && hasControlCharacters(text)) {
    throw new FluxError("camera.bad_field", "must not contain control characters", { field });
  }
}

function notFound(): FluxError {
  return new FluxError("camera.not_found", "there is no such camera");
}
