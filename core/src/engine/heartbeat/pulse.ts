import type { DatabaseAddress } from "../../store/database.ts";

/** What the thread that beats for a node begins with. */
export interface PulseOrder {
  readonly address: DatabaseAddress;
  /** Of the node. */
  readonly name: string;
  /** The number of its life. */
  readonly nodeId: number;
  readonly everyMs: number;
  /** How long ago the registration, which counts as the first heartbeat, was sent. */
  readonly silentMs: number;
  /** Words of superseded attempts that were refused so far. */
  readonly refused: () => number;
}

/** What the thread says. */
export type PulseWord =
  /** A heartbeat was acknowledged, and the node stands like this. */
  | { readonly kind: "beat"; readonly state: "up" | "draining" }
  /** This life is over for everybody else; said again at each heartbeat until another life is followed. */
  | { readonly kind: "dead"; readonly nodeId: number }
  | { readonly kind: "trouble"; readonly code: string | null; readonly message: string }
  /** The thread has ended, and nobody had stopped it. */
  | { readonly kind: "ended" };

/** The heartbeat of a node, in a thread with a connection of its own: whatever blocks the node, it goes on. */
export interface Pulse {
  /** Milliseconds since the last heartbeat that was acknowledged had been sent. */
  silentMs(): number;
  /** Beats for another life from now on. */
  follow(life: { readonly nodeId: number; readonly silentMs: number }): void;
  /** Beats now. */
  beat(): void;
  stop(): Promise<void>;
}
