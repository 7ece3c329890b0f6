import type { Heartbeat } from "../store/nodes.ts";
import { SILENCE_MS } from "./heartbeat/times.ts";
import { lateIn, nextLookMs, type Observation, observe, silentIn } from "./observation.ts";
import type { Part } from "./part.ts";

/** Why a life ended that was not seen to end. */
const SILENT = `no heartbeat for ${SILENCE_MS / 1_000} s`;

/** What a look brought: the lives that had not ended, and in how many milliseconds to look again. */
export interface Sight {
  readonly heartbeats: readonly Heartbeat[];
  readonly againMs: number;
}

/**
 * Watches the heartbeats of nodes, and ends the lives of those that stay silent. What it sees of one that is late it writes
 * down, so that its watch goes on without it.
 */
export class Lookout {
  readonly #part: Pick<Part, "store" | "environment">;
  #seen: Observation | undefined;

  constructor(part: Pick<Part, "store" | "environment">) {
    this.#part = part;
  }

  async look(): Promise<Sight> {
    const { store, environment } = this.#part;
    const before = this.#seen;
    // What was not seen cannot be judged: after a failure the own watch begins anew.
    this.#seen = undefined;
    const askedAt = environment.monotonic();
    const heartbeats = await store.heartbeats();
    const seen = observe(before, { askedAt, answeredAt: environment.monotonic(), heartbeats });
    await store.noteSilences(lateIn(seen));
    for (const { id, counter } of silentIn(seen)) await store.endNode(id, "dead", SILENT, counter);
    this.#seen = seen;
    return { heartbeats, againMs: nextLookMs(seen) };
  }
}
