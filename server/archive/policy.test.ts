import { describe, expect, it } from "vitest";
import type { ScopedPolicy } from "../../shared/api/recording.ts";
import { effectivePolicy } from "../../shared/recording/policy.ts";
import { Schedules } from "./schedule.ts";

const camera = { id: "c1", group: "Plant/Hall 2/Gate" };

describe("inheritance", () => {
  it("takes the nearest scope that says something, and says which", () => {
    const policies: ScopedPolicy[] = [
      { scope: "system", target: "system", policy: { retentionDays: 14, mode: "event", audio: null } },
      { scope: "group", target: "Plant", policy: { retentionDays: 21 } },
      { scope: "group", target: "Plant/Hall 2", policy: { retentionDays: 90, streams: "both" } },
      { scope: "group", target: "Plant/Hall 22", policy: { retentionDays: 1 } },
      { scope: "camera", target: "c2", policy: { retentionDays: 2 } },
      { scope: "camera", target: "c1", policy: { audio: false } },
    ];
    expect(effectivePolicy(camera, policies)).toMatchObject({
      cameraId: "c1",
      retentionDays: { value: 90, from: "group:Plant/Hall 2" },
      streams: { value: "both", from: "group:Plant/Hall 2" },
      mode: { value: "event", from: "system" },
      audio: { value: false, from: "camera" },
      segmentSeconds: { value: 60, from: "default" },
    });
    expect(effectivePolicy({ id: "c9", group: "" }, policies).retentionDays).toEqual({ value: 14, from: "system" });
  });
});

describe("weekly schedules", () => {
  const day = (pattern: Record<number, string>): string =>
    Array.from({ length: 48 }, (_, index) => pattern[index] ?? "-").join("");
  const at = (iso: string, timeZone: string, days: string[]): string =>
    new Schedules().at({ timeZone, days }, Date.parse(iso) * 1000);

  it("go by the wall clock of their zone", () => {
    // Monday 09:00-09:30 continuous, 09:30-10:00 on event.
    const days = [day({ 18: "c", 19: "e" }), ...Array.from({ length: 6 }, () => day({}))];
    expect(at("2026-11-23T00:00:00Z", "Asia/Seoul", days)).toBe("continuous");
    expect(at("2026-11-23T00:29:59Z", "Asia/Seoul", days)).toBe("continuous");
    expect(at("2026-11-23T00:30:00Z", "Asia/Seoul", days)).toBe("event");
    expect(at("2026-11-23T01:00:00Z", "Asia/Seoul", days)).toBe("off");
    expect(at("2026-11-24T00:00:00Z", "Asia/Seoul", days)).toBe("off");
    expect(at("2026-11-23T09:00:00Z", "UTC", days)).toBe("continuous");
    expect(at("2026-11-23T09:00:00Z", "Mars/Base", days)).toBe("off");
  });

  it("move with summer time, both ways", () => {
    const days = Array.from({ length: 7 }, () => day({ 16: "c" }));
    // 08:00 in Berlin is 07:00 UTC in winter and 06:00 UTC in summer.
    expect(at("2026-03-28T07:00:00Z", "Europe/Berlin", days)).toBe("continuous");
    expect(at("2026-03-29T07:00:00Z", "Europe/Berlin", days)).toBe("off");
    expect(at("2026-03-29T06:00:00Z", "Europe/Berlin", days)).toBe("continuous");
    expect(at("2026-10-25T07:00:00Z", "Europe/Berlin", days)).toBe("continuous");
    expect(at("2026-10-25T06:00:00Z", "Europe/Berlin", days)).toBe("off");
  });
});
