import type { Attempt } from "./attempt.ts";
import type { Part } from "./part.ts";

/** What was last seen of an attempt, by the engine's monotonic clock. */
interface Seen {
  movedAt: number;
  weighedAt: number;
  bytes: number;
  isStalled: boolean;
}

/** A workspace is weighed this often at most; and four times in what counts as a stall. */
const WEIGH_MS = 5_000;

/**
 * Notices attempts that live and do not move: no progress, no line of their log, nothing published, no byte more or less in their
 * workspace, for as long as their action, or else their type, calls a stall. It says so in the history, and when they move
 * again; it ends nothing.
 */
export class Stalls {
  readonly #part: Part;
  readonly #seen = new WeakMap<Attempt, Seen>();

  constructor(part: Part) {
    this.#part = part;
  }

  /** Looks at the attempts of a node, whose words so far have been stored. */
  async look(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) {
      const limitMs = this.#limitOf(attempt);
      if (limitMs !== null && attempt.isAnchored && !attempt.isSuperseded) await this.#judge(attempt, limitMs);
    }
  }

  #limitOf({ definition }: Attempt): number | null {
    const { stallAfterMs = this.#part.types.get(definition.type)?.stallAfterMs ?? null } = definition;
    return stallAfterMs;
  }

  async #judge(attempt: Attempt, limitMs: number): Promise<void> {
    const { store, environment } = this.#part;
    const { id, token } = attempt.claimed;
    const now = environment.monotonic();
    const seen = this.#seen.get(attempt) ?? { movedAt: attempt.startedAt, weighedAt: now, bytes: 0, isStalled: false };
    this.#seen.set(attempt, seen);
    if (attempt.takeMoved() || (await this.#hasGrown(attempt, seen, Math.min(WEIGH_MS, limitMs / 4))))
      seen.movedAt = now;
    const silentMs = now - seen.movedAt;
    if (!seen.isStalled && silentMs >= limitMs)
      seen.isStalled = await store.once((tx) => tx.beginStall(id, token, silentMs));
    else if (seen.isStalled && silentMs < limitMs) {
      await store.once((tx) => tx.endStall(id, token));
      seen.isStalled = false;
    }
  }

  async #hasGrown({ workspaceMade }: Attempt, seen: Seen, everyMs: number): Promise<boolean> {
    const { environment } = this.#part;
    if (workspaceMade === undefined || environment.monotonic() - seen.weighedAt < everyMs) return false;
    const before = seen.bytes;
    seen.weighedAt = environment.monotonic();
    seen.bytes = await workspaceMade.then(environment.files.sizeOf).catch(() => before);
    return seen.bytes !== before;
  }
}
