import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const globalSetup = ["core/test/global-setup.ts"].filter((file) => existsSync(new URL(file, import.meta.url)));

export default defineConfig({
  test: {
    include: ["*/test/**/*.test.{ts,mjs}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup,
    // Most tests wait for a server or a process now and then: a core is not to idle meanwhile.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // Nothing is retried to green, and a test left focused must not hide the others.
    retry: 0,
    allowOnly: false,
  },
});
