import { connect } from "node:net";
import ipaddr from "ipaddr.js";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { printableText } from "../../shared/lib/printable.ts";
import { millis } from "../../shared/lib/time.ts";
import { classify } from "../net/address-class.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";

export interface RtspHost {
  readonly address: string;
  readonly port: number;
  /** What it calls itself in its first answer. */
  readonly server: string;
}

export interface ScanOptions {
  readonly clock: Clock;
  readonly guard: OutboundGuard;
}

const MAX_ADDRESSES = 1024;
const AT_ONCE = 64;
const ANSWER_WITHIN = millis(1_000);
const MAX_ANSWER = 4096;

/**
 * Addresses of a range: `192.168.1.0/24`, `192.168.1.10-192.168.1.40` or one address. IPv4, at most 1024 of them. Throws
 * `discovery.bad_range`.
 */
export function parseRange(text: string): string[] {
  const bad = (reason: string): FluxError => new FluxError("discovery.bad_range", reason, { field: "range" });
  const [, first = "", prefix, last] =
    /^\s*(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2})|\s*-\s*(\d{1,3}(?:\.\d{1,3}){3}))?\s*$/.exec(text) ?? [];
  if (!ipaddr.IPv4.isValidFourPartDecimal(first) || (last !== undefined && !ipaddr.IPv4.isValidFourPartDecimal(last))) {
    throw bad("must look like 192.168.1.0/24 or 192.168.1.10-192.168.1.40");
  }
  let from = toNumber(first);
  let to = last === undefined ? from : toNumber(last);
  if (prefix !== undefined) {
    const bits = Number(prefix);
    if (bits > 32 || bits < 22) throw bad(`holds more than ${MAX_ADDRESSES} addresses`);
    const size = 2 ** (32 - bits);
    from -= from % size;
    to = from + size - 1;
    // Network and broadcast address.
    if (bits < 31) [from, to] = [from + 1, to - 1];
  }
  if (to < from) throw bad("ends before it begins");
  if (to - from + 1 > MAX_ADDRESSES) throw bad(`holds more than ${MAX_ADDRESSES} addresses`);
  return Array.from({ length: to - from + 1 }, (_, index) => toAddress(from + index));
}

/**
 * Knocks at a port of each address of a private network and asks who answers whether it speaks RTSP. A few at a time, each
 * for a second at most. Throws `discovery.bad_range` for what is not to be scanned.
 */
export async function scanRange(range: string, port: number, { clock, guard }: ScanOptions): Promise<RtspHost[]> {
  const addresses = parseRange(range);
  for (const address of addresses) {
    const refusal = guard.refusal("camera", address, port);
    const reason = refusal?.message ?? (classify(address).kind === "public" ? "not a private network" : undefined);
    if (reason !== undefined) throw new FluxError("discovery.bad_range", `${address}: ${reason}`, { field: "range" });
  }
  const found: RtspHost[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let address = addresses[next++]; address !== undefined; address = addresses[next++]) {
      const host = await askRtsp(address, port, clock);
      if (host) found.push(host);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found.sort((a, b) => toNumber(a.address) - toNumber(b.address));
}

/** Undefined: nobody there, or somebody who does not speak RTSP. Never rejects. */
function askRtsp(address: string, port: number, clock: Clock): Promise<RtspHost | undefined> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: address, port });
    const timer = clock.after(ANSWER_WITHIN, () => done());
    const done = (): void => {
      timer.cancel();
      socket.destroy();
      const speaks = /^RTSP\/1\.\d \d{3}/.test(answer);
      const [, server = ""] = /^server:(.*)$/im.exec(answer) ?? [];
      resolve(speaks ? { address, port, server: printableText(server, 80) } : undefined);
    };
    socket.on("connect", () =>
      socket.write(`OPTIONS rtsp://${address}:${port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: FluxVision\r\n\r\n`),
    );
    socket.on("data", (chunk: Buffer) => {
      answer = (answer + chunk.toString("latin1")).slice(0, MAX_ANSWER);
      if (answer.includes("\r\n\r\n") || answer.length === MAX_ANSWER) done();
    });
    socket.on("error", done);
    socket.on("close", done);
  });
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
