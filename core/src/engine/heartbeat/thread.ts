import { parentPort } from "node:worker_threads";
import type { Command, Opening } from "./wire.ts";

// The thread that beats for the nodes of a process, with each on a port of its own. What it needs for that it loads after a
// while: a node that begins has the machine for its first jobs, and its registration was a heartbeat.
const LATER_MS = 1_000;

parentPort?.on("message", ({ wire, port }: Opening) => {
  let beats: Promise<ReturnType<typeof import("./beats.ts").startBeats>> | undefined;
  const later = setTimeout(
    () => {
      beats = import("./beats.ts").then(({ startBeats }) => startBeats(wire, (word) => port.postMessage(word)));
    },
    Math.min(LATER_MS, wire.everyMs / 4),
  );
  port.on("message", async (command: Command) => {
    if (command.kind !== "stop") return (await beats)?.obey(command);
    clearTimeout(later);
    await (await beats)?.stop();
    port.close();
  });
});
