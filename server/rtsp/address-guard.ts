import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { FluxError } from "../../shared/lib/errors.ts";
import { checkAddress, isLoopback } from "../core/camera-address.ts";

/** What a connection may reach. */
export interface AddressPolicy {
  /** Ports of this server: nothing is pulled from them at an address of this machine. */
  readonly forbiddenPorts: ReadonlySet<number>;
  /** False behind a redirect of a camera elsewhere: it must not lead us to ourselves. */
  readonly allowLoopback: boolean;
}

/** Why nothing may connect to `ip`:`port`; undefined when it may. */
export function refusal(ip: string, port: number, policy: AddressPolicy): FluxError | undefined {
  const reason = checkAddress(ip);
  if (reason !== undefined) return refused(reason);
  if (!policy.allowLoopback && isLoopback(ip)) return refused("the camera redirects to this machine");
  if (policy.forbiddenPorts.has(port) && isThisMachine(ip)) return refused("a port of this server itself");
  return undefined;
}

/** Throws `rtsp.address` for an address that is given as such. A name is checked by `guardedLookup`. */
export function checkLiteral(host: string, port: number, policy: AddressPolicy): void {
  const error = isIP(host) === 0 ? undefined : refusal(host, port, policy);
  if (error) throw error;
}

/**
 * A `lookup` that gives out permitted addresses only. The socket connects to what this answers, so a name that resolves
 * to something else a moment later (DNS rebinding) gains nothing.
 */
export function guardedLookup(port: number, policy: AddressPolicy, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const allowed = found.filter(({ address }) => refusal(address, port, policy) === undefined);
      const [first] = allowed;
      if (!first) return callback(refusal(found[0]?.address ?? "", port, policy) ?? refused("no address"), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function isThisMachine(ip: string): boolean {
  if (isLoopback(ip)) return true;
  const plain = ip.replace(/^::ffff:/i, "").replace(/%.*$/, "");
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === plain) === true);
}

function refused(reason: string): FluxError {
  return new FluxError("rtsp.address", `no camera may be at this address: ${reason}`, { field: "url" });
}
