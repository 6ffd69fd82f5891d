// Turns vitest's JSON report into the counts of the last line.

/**
 * @param report vitest's JSON report, or undefined when it wrote none (it crashed).
 * @param exitCode vitest's own verdict. It also covers what the report's test list does not: a file that fails to load,
 *   an unhandled rejection, a failed set-up. Such a run never counts as passed.
 */
export function summarise(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    let failedTests = 0;
    for (const { status } of file.assertionResults ?? []) {
      if (status === "passed") counts.passed += 1;
      else if (status === "failed") failedTests += 1;
      else counts.skipped += 1;
    }
    if (file.status === "failed" && failedTests === 0) failedTests = 1;
    counts.failed += failedTests;
  }
  if (counts.failed === 0 && (exitCode !== 0 || report === undefined)) counts.failed = 1;
  return counts;
}
