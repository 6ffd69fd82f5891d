import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** What an address stands for, as far as it matters to whoever connects to it on behalf of somebody else. */
export type AddressClass =
  | { readonly kind: "public" | "private" | "loopback" }
  /** Nothing that the server fetches can be there, whatever the settings say. */
  | { readonly kind: "forbidden"; readonly reason: string };

const METADATA = "cloud metadata address";

/** Ranges of the library that are never reached; what is in none of its ranges, or in another one, is public. */
const FORBIDDEN_RANGES: Readonly<Record<string, string>> = {
  unspecified: "unspecified address",
  linkLocal: "link-local address (cloud metadata lives there)",
  multicast: "multicast address",
  broadcast: "broadcast address",
  discard: "address that discards what is sent to it",
  teredo: "address of a tunnel",
  rfc6145: "address of a translator",
  rfc6052: "address of a translator",
  amt: "address of a multicast tunnel",
};
const PRIVATE_RANGES = new Set(["private", "carrierGradeNat", "uniqueLocal", "deprecatedSiteLocal"]);

/** Where the clouds answer with an instance's credentials, outside of the link-local range, and what is of no use. */
const FORBIDDEN_NETWORKS: readonly (readonly [network: string, reason: string])[] = [
  ["240.0.0.0/4", "reserved address"],
  ["100.100.100.200/32", METADATA],
  ["168.63.129.16/32", METADATA],
  ["192.0.0.0/24", METADATA],
  ["fd00:ec2::/32", METADATA],
  ["fd20:ce::/32", METADATA],
];

const networks = FORBIDDEN_NETWORKS.map(([text, reason]) => ({ network: parseNetwork(text), reason }));

/** A network in CIDR notation, or a single address. */
export type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number];

/** Throws a RangeError for what is neither `10.0.0.0/8` nor `10.0.0.1` nor the like in IPv6. */
export function parseNetwork(text: string): Network {
  const [, address = "", prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIP(address) === 0) throw new RangeError(`not a network: ${text}`);
  const parsed = ipaddr.parse(address);
  const bits = parsed.kind() === "ipv4" ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) throw new RangeError(`not a network: ${text}`);
  return [parsed, length];
}

export function isInNetwork(ip: string, [address, prefix]: Network): boolean {
  const parsed = plainAddress(ip);
  return parsed !== undefined && parsed.kind() === address.kind() && parsed.match(address, prefix);
}

/** Of an address in its numeric form; whatever is none is forbidden. IPv4 inside IPv6 counts as what is inside. */
export function classify(ip: string): AddressClass {
  const address = plainAddress(ip);
  if (!address) return { kind: "forbidden", reason: "not an IP address" };
  const listed = networks.find(({ network }) => address.kind() === network[0].kind() && address.match(...network));
  if (listed) return { kind: "forbidden", reason: listed.reason };
  const range = address.range();
  const reason = FORBIDDEN_RANGES[range];
  if (reason !== undefined) return { kind: "forbidden", reason };
  if (range === "loopback") return { kind: "loopback" };
  return { kind: PRIVATE_RANGES.has(range) ? "private" : "public" };
}

export function isLoopback(ip: string): boolean {
  return classify(ip).kind === "loopback";
}

/**
 * Is this one of this machine's own addresses, as far as they can be seen from here? Interfaces are asked each time: they
 * come and go while the server runs.
 */
export function isThisMachine(ip: string, interfaces: typeof networkInterfaces = networkInterfaces): boolean {
  const address = plainAddress(ip)?.toString();
  if (address === undefined) return false;
  if (isLoopback(ip)) return true;
  const own = Object.values(interfaces()).flatMap((entries) => entries ?? []);
  return own.some((entry) => plainAddress(entry.address)?.toString() === address);
}

/**
 * Whom an address stands for: an IPv4 address itself, of an IPv6 address the /64 network, within which one host takes
 * as many addresses as it likes.
 */
export function addressOwner(ip: string): string {
  const address = plainAddress(ip);
  if (!(address instanceof ipaddr.IPv6)) return address?.toString() ?? ip;
  return `${address.parts
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** IPv4 inside IPv6 is taken out: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16). */
function plainAddress(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (isIP(ip) === 0) return undefined;
  const parsed = ipaddr.parse(ip);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed as ipaddr.IPv4;
  const { parts } = parsed;
  const at = (index: number): number => parts[index] ?? 0;
  const inside = (index: number): ipaddr.IPv4 =>
    new ipaddr.IPv4([at(index) >> 8, at(index) & 255, at(index + 1) >> 8, at(index + 1) & 255]);
  const zero = (from: number, to: number): boolean => parts.slice(from, to).every((group) => group === 0);
  if (at(0) === 0x2002) return inside(1);
  if (at(0) === 0x64 && at(1) === 0xff9b && zero(2, 6)) return inside(6);
  if (zero(0, 5) && at(5) === 0xffff) return inside(6);
  if (zero(0, 6) && at(6) !== 0) return inside(6);
  return parsed;
}
