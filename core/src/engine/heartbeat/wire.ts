import type { MessagePort } from "node:worker_threads";
import type { PulseOrder } from "./pulse.ts";

/** What begins a pulse in the thread: what it is given, and where it is talked with. */
export interface Opening {
  readonly wire: Wire;
  readonly port: MessagePort;
}

/** What a pulse is given: its order, and memory that both sides see at once, however busy the other is. */
export interface Wire extends Omit<PulseOrder, "refused" | "silentMs"> {
  readonly cells: SharedArrayBuffer;
  /** The zero of the times in the cells, in milliseconds of the machine's monotonic clock, which all threads share. */
  readonly originMs: number;
}

/** What is said to it. */
export type Command = { readonly kind: "follow"; readonly nodeId: number } | { readonly kind: "beat" | "stop" };

/** The cells, 32 bits each, since no wider ones are sure to be written whole. Times are in tenths of a second: enough for six years. */
export const CELL = { beatAt: 0, turnAt: 1, refused: 2 } as const;
export const TENTH_MS = 100;
/** How often the node's event loop shows that it turns. */
export const TURN_MS = 1_000;

/** The machine's monotonic clock, the same in all threads. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
