import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["{server,shared,web,scripts}/**/*.test.{ts,tsx,mjs}", "e2e/specs/**/*.test.ts"],
    globalSetup: ["scripts/vitest-global-setup.mjs"],
    // Two workers: media tests decode and draw in software beside the runner.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
});
