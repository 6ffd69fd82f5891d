import { beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { Repeats } from "./repeats.ts";
import type { AuditEntry } from "./row.ts";

let clock: SimulatedClock;
let told: AuditEntry[];
let repeats: Repeats;
beforeEach(() => {
  clock = new SimulatedClock(micros(1_789_990_000_000_000));
  told = [];
  repeats = new Repeats(clock, (entry) => told.push(entry));
});

const refusal = (actorId: string, target: string): AuditEntry => ({
  ...{ action: "access.denied", outcome: "denied", actorId, actorName: actorId, sessionId: `session of ${actorId}` },
  target,
});
const logIn = (actorName: string, ip: string): AuditEntry => ({ action: "auth.login_failed", actorName, ip });
const firsts = (entries: readonly AuditEntry[]): number => entries.filter((entry) => repeats.first(entry)).length;
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const counted = (): AuditEntry[] => told.filter(({ action }) => action === "access.many_denied");

describe("refused attempts in one minute", () => {
  it("of one person do not hide those of others", () => {
    expect(firsts(times(1000, (i) => refusal("mallory", `/api/v1/users/${i}`)))).toBe(20);
    expect(repeats.first(logIn("admin", "203.0.113.5"))).toBe(true);
    expect(repeats.first(refusal("alice", "/api/v1/users"))).toBe(true);
    clock.advance(millis(60_000));
    expect(counted()).toEqual([
      {
        ...{ action: "access.many_denied", outcome: "denied", via: "system", ip: undefined },
        ...{ actorId: "mallory", actorName: "mallory" },
        details: { attempts: 980, actions: { "access.denied": 980 } },
      },
    ]);
    // A new minute, a new share.
    expect(repeats.first(refusal("mallory", "/api/v1/users/999"))).toBe(true);
  });

  it("are an address's, whatever name is typed and whosever account that is; an IPv6 network is one address", () => {
    const typed = times(50, (i) => ({ ...logIn(`guess${i}`, `2001:db8::${i + 1}`), actorId: `account ${i}` }));
    expect(firsts(typed)).toBe(20);
    // Who owns such an account is told of all the same.
    expect(repeats.first(refusal("account 49", "/api/v1/users"))).toBe(true);
    expect(repeats.first(logIn("guess0", "2001:db8:1::1"))).toBe(true);
    clock.advance(millis(60_000));
    expect(counted()).toMatchObject([{ ip: "2001:db8::21", details: { attempts: 30 } }]);
    expect(counted()[0]).not.toHaveProperty("actorName");
  });

  it("of many addresses leave room for a person who is signed in, and are bounded", () => {
    const flood = times(200, (i) => `198.51.100.${i}`).flatMap((ip) => times(30, (i) => logIn(`guess${i}`, ip)));
    expect(firsts(flood)).toBe(100);
    expect(firsts(times(30, (i) => refusal("mallory", `/${i}`)))).toBe(20);
    clock.advance(millis(60_000));
    // 50 addresses and one person each for himself, and all the others in one row.
    expect(counted()).toHaveLength(52);
    const attempts = counted().map(({ details }) => Number(details?.attempts));
    expect(attempts.reduce((sum, some) => sum + some, 0)).toBe(flood.length - 100 + 10);
    expect(counted().at(-1)?.details?.addresses).toHaveLength(20);
  });

  it("of one kind are told once, and then how often", () => {
    expect(firsts(times(500, () => refusal("alice", "/api/v1/users")))).toBe(1);
    clock.advance(millis(60_000));
    expect(told).toMatchObject([{ actorId: "alice", target: "/api/v1/users", details: { repeated: 499 } }]);
    expect(clock.pendingTimers).toBe(0);
  });
});
