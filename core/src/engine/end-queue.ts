import type { Units } from "@callsheet/contract";
import { BATCH_BYTES, BATCH_ITEMS } from "../operations/batches.ts";
import type { EndedAttempt } from "../operations/end.ts";
import type { Claimed } from "../store/claim.ts";
import type { Attempt } from "./attempt.ts";
import type { HandlerEnd } from "./outcome.ts";

/** Members of one claim that completed. */
export interface Members {
  readonly size: number;
  readonly ids: string[];
  readonly ordinals: number[];
  readonly results: (string | null)[];
  readonly offsets: number[];
  /** What each of them holds: units, and objects by job. */
  readonly units: readonly Units[];
  readonly locks: { readonly jobId: string; readonly key: string }[];
  readonly isKept: boolean;
}

/** Ends that are stored together: members that completed, by the token of their claim, and all others. */
export interface EndBatch {
  readonly members: ReadonlyMap<string, Members>;
  readonly others: readonly EndedAttempt[];
  readonly count: number;
}

/** Whether the end of this job's attempt is in it. */
export function isIn({ members, others }: EndBatch, id: string): boolean {
  return others.some((one) => one.id === id) || [...members.values()].some(({ ids }) => ids.includes(id));
}

interface GrowingBatch {
  readonly members: Map<string, Members>;
  readonly others: EndedAttempt[];
  count: number;
  bytes: number;
}

/** Ends that wait to be stored, in batches of bounded size. */
export class EndQueue {
  readonly #batches: GrowingBatch[] = [];

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  has(id: string): boolean {
    return this.#batches.some((batch) => isIn(batch, id));
  }

  /** `size`: how many members the attempt's claim has. */
  add(attempt: Attempt, size: number, end: HandlerEnd): void {
    const batch = this.#batchFor(bytesOf(end));
    const { id, token, ordinal, locks } = attempt.claimed;
    const isMember = ordinal > 0;
    if (isMember && !attempt.isAnchored && end.ending.kind === "completed") {
      const claim = membersOf(batch, attempt.claimed, size);
      claim.ids.push(id);
      claim.ordinals.push(ordinal);
      claim.results.push(end.result);
      claim.offsets.push(attempt.offsetMs);
      for (const { key } of locks) claim.locks.push({ jobId: id, key });
    } else {
      const result = end.result === null ? {} : { result: end.result };
      batch.others.push({ id, token, isMember, ending: end.ending, ...result });
    }
  }

  /** The oldest batch, which grows no more. */
  take(): EndBatch | undefined {
    return this.#batches.shift();
  }

  #batchFor(bytes: number): GrowingBatch {
    let last = this.#batches.at(-1);
    if (!last || last.count >= BATCH_ITEMS || last.bytes + bytes > BATCH_BYTES) {
      last = { members: new Map(), others: [], count: 0, bytes: 0 };
      this.#batches.push(last);
    }
    last.count += 1;
    last.bytes += bytes;
    return last;
  }
}

function membersOf(batch: GrowingBatch, { token, units = [], isKept = false }: Claimed, size: number): Members {
  let claim = batch.members.get(token);
  if (!claim) {
    claim = { size, ids: [], ordinals: [], results: [], offsets: [], units, locks: [], isKept };
    batch.members.set(token, claim);
  }
  return claim;
}

function bytesOf({ ending, result }: HandlerEnd): number {
  if (ending.kind === "failed") return Buffer.byteLength(JSON.stringify(ending.error));
  return result === null ? 0 : Buffer.byteLength(result);
}
