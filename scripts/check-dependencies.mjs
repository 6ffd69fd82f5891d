#!/usr/bin/env node
// Licences, install scripts and checksums of the dependencies, from package-lock.json alone. With `--audit` also the
// registry's advisories: a known vulnerability that is high or critical, in what the product ships, fails; a registry
// without advisories is told and does not.
import { readFileSync } from "node:fs";
import { auditFindings, lockFindings } from "./lib/dependency-rules.mjs";
import { execute, inRoot, isProgram, runMain, sayErr, sayOut } from "./lib/project.mjs";

/** Without a network it is soon told that nobody looked. */
const patience = ["--fetch-retries=1", "--fetch-timeout=30000"];

async function npmAudit() {
  const { output } = await execute("npm", ["audit", "--omit=dev", "--json", "--loglevel=silent", ...patience]);
  try {
    return JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}

async function checkAdvisories() {
  const { unchecked, findings, lesser } = auditFindings(await npmAudit());
  if (unchecked !== undefined) sayOut(`Advisories NOT checked: ${unchecked}.`);
  else sayOut(`Advisories: ${findings.length} high or critical, ${lesser} lesser, in what the product ships.`);
  return findings;
}

if (isProgram(import.meta.url)) {
  await runMain(async () => {
    const lock = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8"));
    const findings = lockFindings(lock);
    const count = Object.keys(lock.packages).length - 1;
    if (findings.length === 0)
      sayOut(`Licences, install scripts and checksums of ${count} packages are as they should be.`);
    if (process.argv.includes("--audit")) findings.push(...(await checkAdvisories()));
    for (const finding of findings) sayErr(finding);
    return findings.length === 0 ? 0 : 1;
  });
}
