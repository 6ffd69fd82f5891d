import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { FULL_ACCESS } from "../access/access.ts";
import type { Principal } from "../auth/policy.ts";
import { SignedUrls } from "./signed-urls.ts";

const person = (userId: string, sessionId: string): Principal => ({
  userId,
  sessionId,
  username: userId,
  access: FULL_ACCESS,
});
const ann = person("ann", "session-1");

function setUp() {
  const clock = new SimulatedClock(micros(1_789_990_000_000_000));
  const ended = new Set<string>();
  const urls = new SignedUrls({
    clock,
    key: randomBytes(32),
    principalOf: async (sessionId) => {
      if (ended.has(sessionId)) throw new FluxError("auth.session_ended", "over");
      return ann;
    },
  });
  return { clock, ended, urls };
}

describe("signed addresses", () => {
  it("open what they were made for, again and again until they expire", async () => {
    const { clock, urls } = setUp();
    const range = { startMicros: 5, endMicros: 9 };
    const ticket = urls.issue(ann, { purpose: "export-download", resource: "job-1", range });
    const opened = { principal: ann, resource: "job-1", range };
    await expect(urls.redeem(ticket, "export-download")).resolves.toEqual(opened);
    await clock.advance(millis(299_000));
    await expect(urls.redeem(ticket, "export-download")).resolves.toEqual(opened);
    await clock.advance(millis(2_000));
    await expect(urls.redeem(ticket, "export-download")).rejects.toMatchObject({ code: "url.invalid" });
  });

  it("are refused for another purpose and for another user", async () => {
    const { urls } = setUp();
    const ticket = urls.issue(ann, { purpose: "export-download", resource: "job-1" });
    await expect(urls.redeem(ticket, "audit-export")).rejects.toMatchObject({ code: "url.invalid" });
    await expect(urls.redeem(ticket, "export-download", person("bob", "session-2"))).rejects.toMatchObject({
      code: "url.invalid",
    });
    await expect(urls.redeem(ticket, "export-download", ann)).resolves.toMatchObject({ resource: "job-1" });
  });

  it("are refused once the asker's session has ended", async () => {
    const { ended, urls } = setUp();
    const ticket = urls.issue(ann, { purpose: "export-download", resource: "job-1" });
    ended.add("session-1");
    await expect(urls.redeem(ticket, "export-download")).rejects.toMatchObject({ code: "auth.session_ended" });
  });

  it("are refused when anything in them was changed", async () => {
    const { urls } = setUp();
    const ticket = urls.issue(ann, { purpose: "export-download", resource: "job-1" });
    const [body = "", mac = ""] = ticket.split(".");
    const fields = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
    const forged = [
      { ...fields, r: "job-2" },
      { ...fields, u: "bob" },
      { ...fields, s: "session-2" },
      { ...fields, e: Number(fields.e) + 3600 },
      { ...fields, t: [0, 1] },
    ].map((changed) => `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${mac}`);
    const others = [
      `${body}.${Buffer.alloc(32).toString("base64url")}`,
      body,
      mac,
      "",
      ".",
      `${ticket}A`,
      "a".repeat(5000),
    ];
    const foreign = setUp().urls.issue(ann, { purpose: "export-download", resource: "job-1" });
    for (const bad of [...forged, ...others, foreign]) {
      await expect(urls.redeem(bad, "export-download"), bad.slice(0, 40)).rejects.toMatchObject({
        code: "url.invalid",
      });
    }
  });
});
