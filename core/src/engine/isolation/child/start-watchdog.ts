import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { endGroup } from "./end-group.ts";

/** Starts the thread that ends this process when its parent is gone. Resolves when it watches. */
export async function startWatchdog(parentPid: number): Promise<void> {
  const watchdog = new Worker(new URL("./watchdog.js", import.meta.url), {
    workerData: { parentPid },
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  watchdog.unref();
  await once(watchdog, "message");
  // Without its watchdog the process might outlive its node.
  watchdog.on("error", endGroup);
  watchdog.on("exit", endGroup);
}
