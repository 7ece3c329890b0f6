import { setTimeout as pause } from "node:timers/promises";
import type { Explanation, Reason } from "@callsheet/contract";
import type { Callsheet } from "@callsheet/core";
import type { Contender, JobDesk } from "./job-desk.ts";

/** A job that waited for what another one had, and why. */
export interface Wait extends Pick<Explanation, "reason" | "sentence" | "blockers"> {
  readonly job: Contender;
}

/** What is told of: a resource or an object that another job has. */
const TOLD: readonly Reason[] = ["resource_full", "resource_reserved", "waiting_for_lock"];
/** A job that waits for a slot may still come to wait for something else. */
const UNDECIDED: readonly Reason[] = ["about_to_start", "nodes_busy", "internal_queue_full"];
/** Short jobs hold what others wait for no longer than some of these. */
const LOOK_MS = 30;
const MOST_AT_ONCE = 6;
const MOST_OF_EACH = 2;

/** Asks jobs that contend why they wait, until each has told or begun, and keeps what they said. */
export class WaitLog {
  readonly #cs: Callsheet;
  readonly #waits: Wait[] = [];
  readonly #decided = new Set<Contender>();

  constructor(cs: Callsheet) {
    this.#cs = cs;
  }

  /** In the order in which they were told. */
  get waits(): readonly Wait[] {
    return this.#waits;
  }

  /** Whether a job of this action has told or begun. */
  hasDecided(action: string): boolean {
    return [...this.#decided].some((job) => job.action === action);
  }

  /** Goes on asking the jobs of a desk until the signal. */
  async watch(desk: JobDesk, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const undecided = desk.contenders.filter((job) => !this.#decided.has(job));
      await Promise.all(undecided.slice(0, MOST_AT_ONCE).map((job) => this.#ask(job)));
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #ask(job: Contender): Promise<void> {
    const { reason, sentence, blockers } = await this.#cs.jobs.explain(job);
    if (UNDECIDED.includes(reason)) return;
    this.#decided.add(job);
    if (TOLD.includes(reason)) this.#waits.push({ job, reason, sentence, blockers });
  }
}

/** The first ones of each reason: the others say the same. */
export function fewOfEach(waits: readonly Wait[]): readonly Wait[] {
  return waits.filter((wait, index) => {
    const before = waits.slice(0, index).filter(({ reason }) => reason === wait.reason);
    return before.length < MOST_OF_EACH;
  });
}
