import { Worker } from "node:worker_threads";
import type { Pulse, PulseOrder, PulseWord } from "./pulse.ts";
import { CELL, type Command, machineMs, TENTH_MS, TURN_MS, type Wire } from "./wire.ts";

// The thread runs the compiled file, also when this one was loaded as source.
const THREAD = new URL("../../../dist/engine/heartbeat/thread.js", import.meta.url);
/** How long it may take to say goodbye to the database. */
const FAREWELL_MS = 3_000;

/** Starts the thread that beats for a node. `hear` is told what it says, in this thread. */
export function startPulse({ refused, silentMs, ...order }: PulseOrder, hear: (word: PulseWord) => void): Pulse {
  const cells = new Int32Array(new SharedArrayBuffer(Object.keys(CELL).length * Int32Array.BYTES_PER_ELEMENT));
  const originMs = machineMs() - silentMs;
  const sinceOrigin = () => machineMs() - originMs;
  const worker = new Worker(THREAD, {
    workerData: { ...order, cells: cells.buffer, originMs } satisfies Wire,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  const turn = () => {
    Atomics.store(cells, CELL.turnAt, Math.floor(sinceOrigin() / TENTH_MS));
    Atomics.store(cells, CELL.refused, refused());
  };
  turn();
  const turning = setInterval(turn, TURN_MS).unref();
  const say = (command: Command) => worker.postMessage(command);
  let isStopped = false;
  const ended = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      clearInterval(turning);
      resolve();
      if (!isStopped) hear({ kind: "ended" });
    });
  });
  worker.on("error", ({ message }) => hear({ kind: "trouble", code: null, message }));
  worker.on("message", hear);
  return {
    silentMs: () => sinceOrigin() - Atomics.load(cells, CELL.beatAt) * TENTH_MS,
    follow: ({ nodeId, silentMs: silent }) => {
      Atomics.store(cells, CELL.beatAt, Math.floor((sinceOrigin() - silent) / TENTH_MS));
      say({ kind: "follow", nodeId });
    },
    beat: () => say({ kind: "beat" }),
    stop: async () => {
      isStopped = true;
      say({ kind: "stop" });
      const deadline = setTimeout(() => void worker.terminate(), FAREWELL_MS);
      await ended;
      clearTimeout(deadline);
    },
  };
}
