import { parentPort, workerData } from "node:worker_threads";
import type { Command, Wire } from "./wire.ts";

// The thread that beats for a node. What it needs for that it loads after a while: a node that begins has the machine for its
// first jobs, and its registration was a heartbeat.
const LATER_MS = 1_000;

const order = workerData as Wire;
let beats: Promise<ReturnType<typeof import("./beats.ts").startBeats>> | undefined;
const later = setTimeout(
  () => {
    beats = import("./beats.ts").then(({ startBeats }) => startBeats(order));
  },
  Math.min(LATER_MS, order.everyMs / 4),
);

parentPort?.on("message", async (command: Command) => {
  if (command.kind !== "stop") return (await beats)?.obey(command);
  clearTimeout(later);
  await (await beats)?.stop();
  parentPort?.close();
});
