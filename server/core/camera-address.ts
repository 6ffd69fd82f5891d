import { BlockList, isIP, isIPv4 } from "node:net";

/** Where no camera can be, and where a request of ours could do harm. Loopback is allowed: the demo cameras live there. */
const FORBIDDEN: readonly (readonly [reason: string, network: string, prefix: number])[] = [
  ["unspecified address", "0.0.0.0", 8],
  ["link-local address (cloud metadata lives there)", "169.254.0.0", 16],
  ["cloud metadata address", "100.100.100.200", 32],
  ["multicast address", "224.0.0.0", 4],
  ["reserved address", "240.0.0.0", 4],
  ["unspecified address", "::", 128],
  ["link-local address", "fe80::", 10],
  ["cloud metadata address", "fd00:ec2::254", 128],
  ["multicast address", "ff00::", 8],
];

const LISTS = FORBIDDEN.map(([reason, network, prefix]) => {
  const list = new BlockList();
  list.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
  return { reason, list };
});

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Why a camera may not be at `ip`, or undefined when it may. To be asked with the resolved address at the moment of
 * connecting: a name can resolve to something else than when it was typed in.
 */
export function checkAddress(ip: string): string | undefined {
  const address = embeddedIPv4(ip) ?? ip;
  const family = isIP(address);
  if (family === 0) return "not an IP address";
  return LISTS.find(({ list }) => list.check(address, family === 4 ? "ipv4" : "ipv6"))?.reason;
}

export function isLoopback(ip: string): boolean {
  const address = embeddedIPv4(ip) ?? ip;
  return LOOPBACK.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/**
 * Whom an address stands for: an IPv4 address itself, of an IPv6 address the /64 network, within which one host takes
 * as many addresses as it likes.
 */
export function addressOwner(ip: string): string {
  const address = embeddedIPv4(ip) ?? ip;
  if (isIP(address) !== 6) return address;
  const network = expand(address).slice(0, 4);
  return `${network.map((group) => group.toString(16)).join(":")}::/64`;
}

/** IPv4 inside IPv6, however written: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16). */
function embeddedIPv4(ip: string): string | undefined {
  if (isIP(ip) !== 6) return undefined;
  const groups = expand(ip);
  const at = (index: number): number => groups[index] ?? 0;
  const dotted = (index: number): string =>
    [at(index) >> 8, at(index) & 255, at(index + 1) >> 8, at(index + 1) & 255].join(".");
  if (at(0) === 0x2002) return dotted(1);
  if (at(0) === 0x64 && at(1) === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return dotted(6);
  if (!groups.slice(0, 5).every((group) => group === 0)) return undefined;
  if (at(5) === 0xffff) return dotted(6);
  return at(5) === 0 && at(6) !== 0 ? dotted(6) : undefined;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function expand(ip: string): number[] {
  const [address = ""] = ip.split("%");
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [(Number(a) << 8) | Number(b), (Number(c) << 8) | Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = hex.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill("0"), ...right].map((group) => Number.parseInt(group, 16));
}
