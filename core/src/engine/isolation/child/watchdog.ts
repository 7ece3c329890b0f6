import { parentPort, workerData } from "node:worker_threads";
import { endGroup } from "./end-group.ts";

// Runs in a thread of its own: a handler that never gives back the event loop must not outlive its node.
const LOOK_EVERY_MS = 250;
const { parentPid } = workerData as { readonly parentPid: number };

function look(): void {
  // A process whose parent died is given another one.
  if (process.ppid !== parentPid) endGroup();
}

look();
setInterval(look, LOOK_EVERY_MS);
parentPort?.postMessage("watching");
