import type { Clock } from "../../shared/lib/clock.ts";
import type { Micros } from "../../shared/lib/time.ts";
import type { AccessTokens } from "../auth/access-tokens.ts";
import type { Principal } from "../auth/policy.ts";
import type { Logger } from "../core/log.ts";
import { Buckets } from "./buckets.ts";
import { DeviceChallenges } from "./device-challenges.ts";
import { credentialOf, type Devices } from "./devices.ts";
import { LastUse } from "./last-use.ts";

/** Tries per minute and address: a wall of displays behind one address starts at once after a power cut. */
const TRIES_PER_MINUTE = 300;

export interface DeviceSessionsParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly devices: Devices;
  readonly tokens: AccessTokens;
  readonly principalOf: (credentialId: string) => Promise<Principal>;
  /** 32 bytes; a key for this use alone is derived from it. */
  readonly key: Uint8Array;
}

export interface DeviceSignedIn {
  readonly accessToken: string;
  readonly expiresAt: Micros;
  readonly principal: Principal;
}

/** How a wall display signs in: it signs a challenge. Nothing that could be stolen travels or is kept in a cookie. */
export class DeviceSessions {
  readonly #parts: DeviceSessionsParts;
  readonly #challenges: DeviceChallenges;
  readonly #buckets: Buckets;
  readonly #lastSeen: LastUse;

  constructor(parts: DeviceSessionsParts) {
    this.#parts = parts;
    this.#challenges = new DeviceChallenges(parts.clock, parts.key);
    this.#buckets = new Buckets(parts.clock);
    this.#lastSeen = new LastUse(parts.clock, parts.log, (id, at, ip) => parts.devices.seen(id, at, ip));
  }

  /** The same for displays that exist and those that do not. Throws `auth.rate_limited`. */
  challenge(deviceId: string, ip: string): { readonly challenge: string; readonly expiresAt: Date } {
    this.#buckets.take(ip, TRIES_PER_MINUTE);
    return this.#challenges.issue(deviceId);
  }

  /** Throws `auth.rate_limited`, `device.bad_code`, `device.bad_key`. */
  enrol(code: string, publicKey: string, ip: string, agent: string): Promise<{ deviceId: string; name: string }> {
    this.#buckets.take(ip, TRIES_PER_MINUTE);
    return this.#parts.devices.enrol(code, publicKey, ip, agent);
  }

  /** Throws `device.bad_proof`, `auth.network_refused`, `auth.rate_limited`, `auth.session_ended` (its owner is gone). */
  async signIn(deviceId: string, challenge: string, signature: string, ip: string): Promise<DeviceSignedIn> {
    this.#buckets.take(ip, TRIES_PER_MINUTE);
    const { devices, tokens, principalOf } = this.#parts;
    const { ownerId, publicKey } = await devices.keyOf(deviceId, ip);
    this.#challenges.redeem(deviceId, challenge, signature, publicKey);
    const principal = await principalOf(credentialOf(deviceId));
    const { token, expiresAt } = await tokens.issue(ownerId, credentialOf(deviceId));
    this.#lastSeen.used(deviceId, ip);
    return { accessToken: token, expiresAt, principal };
  }

  close(): Promise<void> {
    return this.#lastSeen.close();
  }
}
