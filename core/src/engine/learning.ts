import { durationBucket, mergeDurations, sizeClass } from "@callsheet/contract";
import type { Claimed } from "../store/claim.ts";
import type { Observed } from "../store/durations.ts";
import type { Timer } from "./environment.ts";
import type { Part } from "./part.ts";

/** How long what was observed stays in memory before it is stored, and by chance up to twice as long: nodes add to the same rows. */
const STORE_MS = 5_000;

/** What attempts of one version of an action and one size class took. */
interface Seen {
  readonly versionId: number;
  readonly sizeClass: number;
  readonly counts: number[];
}

/** What leaves memory. Its answer may be lost: by the receipt it is added once, however often it is sent. */
interface Leaving {
  readonly receipt: string;
  readonly seen: readonly Seen[];
}

/**
 * Learns how long work takes: adds up in memory what a node's attempts took, and stores the sums now and then, however many
 * attempts ended. Without attempts it does nothing.
 */
export class Learning {
  readonly #part: Part;
  #seen = new Map<string, Seen>();
  /** Most attempts are of the same kind as the one before. */
  #last: Seen | undefined;
  #leaving: Leaving | undefined;
  #timer: Timer | undefined;
  #isClosed = false;
  #storing: Promise<void> = Promise.resolve();

  constructor(part: Part) {
    this.#part = part;
  }

  /** An attempt completed after so many milliseconds. */
  observe({ actionVersionId, size }: Pick<Claimed, "actionVersionId" | "size">, ms: number): void {
    if (this.#isClosed) return;
    const { counts } = this.#seenOf(actionVersionId, sizeClass(size));
    const bucket = durationBucket(ms);
    while (counts.length <= bucket) counts.push(0);
    counts[bucket]! += 1;
    const { timers, random } = this.#part.environment;
    this.#timer ??= timers.after(STORE_MS * (1 + random()), () => void this.store());
  }

  /** Stores what was observed since the last time. Never fails: what cannot be stored now goes with the next. */
  store(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#storing = this.#storing.then(() => this.#storeSeen());
    return this.#storing;
  }

  /** Stores what was observed; handlers that end later teach nothing. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.store();
  }

  async #storeSeen(): Promise<void> {
    const { environment, log } = this.#part;
    try {
      // What could not be stored the last time.
      await this.#send();
      if (this.#seen.size === 0) return;
      this.#leaving = { receipt: environment.newIncarnation(), seen: [...this.#seen.values()] };
      this.#seen = new Map();
      this.#last = undefined;
      await this.#send();
    } catch (error) {
      log.error("learning", error);
    }
  }

  async #send(): Promise<void> {
    if (this.#leaving === undefined) return;
    const { store, catalogue } = this.#part;
    const { receipt, seen } = this.#leaving;
    const versionIds = seen.map(({ versionId }) => versionId);
    const versions = await catalogue.versions(versionIds, store);
    await store.addDurations(
      receipt,
      sumByAction(seen, (id) => versions.get(id)!.actionId),
    );
    this.#leaving = undefined;
  }

  #seenOf(versionId: number, number: number): Seen {
    const last = this.#last;
    if (last?.versionId === versionId && last.sizeClass === number) return last;
    const key = `${versionId}/${number}`;
    const seen = this.#seen.get(key) ?? { versionId, sizeClass: number, counts: [] };
    this.#seen.set(key, seen);
    this.#last = seen;
    return seen;
  }
}

/** Versions of one action are one kind of work. */
function sumByAction(seen: readonly Seen[], actionOf: (versionId: number) => number): readonly Observed[] {
  const sums = new Map<string, Observed>();
  for (const { versionId, sizeClass: number, counts } of seen) {
    const actionId = actionOf(versionId);
    const key = `${actionId}/${number}`;
    const before = sums.get(key)?.counts ?? [];
    sums.set(key, { actionId, sizeClass: number, counts: mergeDurations(before, counts) });
  }
  return [...sums.values()];
}
