import type { LookupFunction } from "node:net";
import { FluxError } from "../../shared/lib/errors.ts";
import { isLoopback } from "../net/address-class.ts";
import { canonicalHost, guardedLookup, OutboundGuard } from "../net/outbound-guard.ts";

/** What a connection to a camera may reach. */
export interface AddressPolicy {
  readonly guard: OutboundGuard;
  /** False behind a redirect of a camera elsewhere: it must not lead us to ourselves. */
  readonly allowLoopback: boolean;
}

/** For whoever says nothing: no address of this machine. */
export const CLOSED_GUARD = new OutboundGuard({ ownPorts: () => new Set() });

/** Why nothing may connect to `ip`:`port`; undefined when it may. */
export function refusal(ip: string, port: number, { guard, allowLoopback }: AddressPolicy): FluxError | undefined {
  if (!allowLoopback && isLoopback(ip)) return refused("the camera redirects to this machine");
  const error = guard.refusal("camera", ip, port);
  return error && refused(error.message);
}

/** Throws `rtsp.address` for an address that is given as such. A name is checked by `cameraLookup`. */
export function checkLiteral(host: string, port: number, policy: AddressPolicy): void {
  try {
    policy.guard.checkTarget("camera", host, port);
  } catch (error) {
    throw error instanceof FluxError ? refused(error.message) : error;
  }
  if (!policy.allowLoopback && isLoopback(canonicalHost(host))) throw refused("the camera redirects to this machine");
}

/** A `lookup` that gives out permitted addresses only: the socket connects to what was checked. */
export function cameraLookup(port: number, policy: AddressPolicy): LookupFunction {
  return guardedLookup((ip) => refusal(ip, port, policy));
}

function refused(reason: string): FluxError {
  return new FluxError("rtsp.address", `no camera may be at this address: ${reason}`, { field: "url" });
}
