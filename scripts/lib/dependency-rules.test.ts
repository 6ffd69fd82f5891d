import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
// @ts-expect-error a plain script without types
import { auditFindings, licenceAllowed, lockFindings } from "./dependency-rules.mjs";

const good = { version: "1.0.0", license: "MIT", integrity: "sha512-AAAA" };
const findings = (packages: Record<string, object>): string[] => lockFindings({ packages: { "": {}, ...packages } });

describe("licences", () => {
  it.each(["MIT", "(MIT OR GPL-3.0)", "MIT AND ISC", "Apache-2.0"])("%s is allowed", (expression) => {
    expect(licenceAllowed(expression)).toBe(true);
  });
  it.each(["GPL-3.0", "MIT AND AGPL-3.0", "SEE LICENSE IN EULA", "UNLICENSED", "", undefined])(
    "%s is not",
    (expression) => {
      expect(licenceAllowed(expression)).toBe(false);
    },
  );
});

describe("a lock file", () => {
  it("of this product is as it should be", () => {
    const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(lockFindings(lock)).toEqual([]);
  });

  it("with a package of another licence is told, not where it only builds", () => {
    const copyleft = { ...good, license: "AGPL-3.0" };
    expect(findings({ "node_modules/a/node_modules/@b/c": copyleft })).toEqual([
      "@b/c@1.0.0: licence AGPL-3.0 is not one of those allowed",
    ]);
    expect(findings({ "node_modules/a": { ...copyleft, dev: true } })).toEqual([]);
    expect(findings({ "node_modules/a": { ...good, license: undefined } })).toHaveLength(1);
  });

  it("with a new install script is told, also where it only builds", () => {
    const [found] = findings({ "node_modules/a": { ...good, hasInstallScript: true, dev: true } });
    expect(found).toContain("a@1.0.0: has an install script");
    expect(findings({ "node_modules/x/node_modules/esbuild": { ...good, hasInstallScript: true } })).toEqual([]);
  });

  it("with a package from elsewhere, or without a checksum, is told", () => {
    expect(findings({ "node_modules/a": { ...good, resolved: "git+ssh://git@host/a.git#1" } })).toHaveLength(1);
    expect(findings({ "node_modules/a": { ...good, resolved: "http://host/a.tgz" } })).toHaveLength(1);
    expect(findings({ "node_modules/a": { ...good, integrity: "sha1-AAAA" } })).toHaveLength(1);
    expect(findings({ "node_modules/a": good })).toEqual([]);
  });
});

describe("advisories", () => {
  const report = (severity: string) => ({
    vulnerabilities: { bad: { name: "bad", severity, range: "<2", via: [{ title: "Reads any file" }, "worse"] } },
  });

  it.each(["high", "critical"])("that are %s fail", (severity) => {
    expect(auditFindings(report(severity))).toEqual({
      findings: [`bad <2: ${severity}: Reads any file; through worse`],
      lesser: 0,
    });
  });

  it("that are lesser are counted", () => {
    expect(auditFindings(report("moderate"))).toEqual({ findings: [], lesser: 1 });
    expect(auditFindings({ vulnerabilities: {} })).toEqual({ findings: [], lesser: 0 });
  });

  it.each([404, 405])("of a registry that has none (%d) are told to be unchecked", (statusCode) => {
    expect(auditFindings({ statusCode, message: "no" }).unchecked).toContain(`HTTP ${statusCode}`);
  });

  it("that could not be had are never taken for none", () => {
    expect(auditFindings(undefined).unchecked).toBeDefined();
    expect(auditFindings({ error: { code: "ENOTFOUND", summary: "" } }).unchecked).toBeDefined();
    expect(auditFindings({ message: "getaddrinfo" }).unchecked).toContain("getaddrinfo");
  });
});
