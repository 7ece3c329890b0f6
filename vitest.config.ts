import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongFirst } from "./scripts/tests/long-first.ts";

const globalSetup = ["core/test/global-setup.ts"].filter((file) => existsSync(new URL(file, import.meta.url)));

export default defineConfig({
  test: {
    include: ["*/test/**/*.test.{ts,mjs}"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup,
    // Files of a worker share what they load: to load it anew for each took a tenth of a run. What a file leaves is closed by the set-up file.
    isolate: false,
    setupFiles: ["scripts/tests/each-file.ts"],
    // A test waits for half of its time, for a server, a process or a deadline: one more keeps two cores busy, and leaves the others the time that they count on.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongFirst },
    // It ends what hangs: a test that starts twenty commands took 29 s on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // Nothing is retried to green, and a test left focused must not hide the others.
    retry: 0,
    allowOnly: false,
  },
});
