import { MessageChannel, Worker } from "node:worker_threads";
import type { Pulse, PulseOrder, PulseWord } from "./pulse.ts";
import { CELL, type Command, machineMs, type Opening, TENTH_MS, TURN_MS, type Wire } from "./wire.ts";

// The thread runs the compiled file, also when this one was loaded as source.
const THREAD = new URL("../../../dist/engine/heartbeat/thread.js", import.meta.url);
/** How long it may take to say goodbye to the database. */
const FAREWELL_MS = 3_000;

let running: Worker | undefined;

/** The thread that beats for all nodes of this process. It is kept: to start one costs more than to open a queue does. */
function thread(): Worker {
  if (running !== undefined) return running;
  const worker = new Worker(THREAD, {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  worker.setMaxListeners(0);
  const over = () => {
    if (running === worker) running = undefined;
  };
  worker.on("error", over);
  worker.on("exit", over);
  running = worker;
  return worker;
}

/** Starts the thread, unless there is one. */
export function readyPulse(): void {
  thread();
}

/** Has the thread beat for a node. `hear` is told what it says, in this thread. */
export function startPulse({ refused, silentMs, ...order }: PulseOrder, hear: (word: PulseWord) => void): Pulse {
  const cells = new Int32Array(new SharedArrayBuffer(Object.keys(CELL).length * Int32Array.BYTES_PER_ELEMENT));
  const originMs = machineMs() - silentMs;
  const sinceOrigin = () => machineMs() - originMs;
  const turn = () => {
    Atomics.store(cells, CELL.turnAt, Math.floor(sinceOrigin() / TENTH_MS));
    Atomics.store(cells, CELL.refused, refused());
  };
  turn();
  const turning = setInterval(turn, TURN_MS).unref();
  const worker = thread();
  const { port1: port, port2: theirs } = new MessageChannel();
  const wire: Wire = { ...order, cells: cells.buffer, originMs };
  worker.postMessage({ wire, port: theirs } satisfies Opening, [theirs]);
  const say = (command: Command) => port.postMessage(command);
  const fail = ({ message }: Error) => hear({ kind: "trouble", code: null, message });
  const leave = () => port.close();
  worker.on("error", fail);
  worker.on("exit", leave);
  port.on("message", hear);
  port.unref();
  let isStopped = false;
  const ended = new Promise<void>((resolve) => {
    port.once("close", () => {
      clearInterval(turning);
      worker.off("error", fail);
      worker.off("exit", leave);
      resolve();
      if (!isStopped) hear({ kind: "ended" });
    });
  });
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
      const deadline = setTimeout(leave, FAREWELL_MS);
      await ended;
      clearTimeout(deadline);
    },
  };
}
