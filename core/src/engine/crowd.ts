import type { Environment } from "./environment.ts";

/** So many looks that found nothing are no sign of a crowd. */
const FEW = 1;
/** With each further one the wait becomes so many times longer. */
const GROWTH = 8;
const LONGEST_MS = 500;
/** For each process that lives the wait may be so much longer: of a few, none waits for long. */
const EACH_MS = 5;
/** Of more processes than these each leaves others a start before it has looked in vain, of so many milliseconds for each of them. */
const MANY = 8;
const START_MS = 1;
/** What of a look in vain one makes up for that found something: four looks of five are to find something. */
const MAKES_UP = 0.25;
/** The longest wait after nobody was faster. */
const SHORT_MS = 8;
/** Where jobs come rarely, looks in vain are cheap: in this time one is forgotten, as is one that was made up for. */
const FORGOTTEN_MS = 10_000;

const vainFor = (waitMs: number) => FEW + Math.log(waitMs) / Math.log(GROWTH);
const [MOST, SHORT] = [vainFor(LONGEST_MS), vainFor(SHORT_MS)];

/** How many processes have living nodes, as the reaper of this one saw the last time. */
export interface Census {
  processes: number;
}

export interface CrowdOptions {
  readonly environment: Pick<Environment, "monotonic" | "random">;
  readonly census: Census;
}

/** What a look for jobs of a lane led to. */
export interface Looked {
  readonly hasFound: boolean;
  /** More was heard of before it began: that it found some does not say that nobody was faster. */
  readonly wasToldMore: boolean;
}

/**
 * How soon a process looks for jobs that it heard of. Where others are faster again and again, it leaves them a start, by
 * chance and longer each time: a hundred idle ones need not all look for the same job.
 */
export class Crowd {
  readonly #environment: Pick<Environment, "monotonic" | "random">;
  readonly #census: Census;
  /** Looks in vain that were not made up for, and when that was, by the lane that was heard of. */
  readonly #looked = new Map<number, { readonly vain: number; readonly at: number }>();

  constructor({ environment, census }: CrowdOptions) {
    this.#environment = environment;
    this.#census = census;
  }

  /** In how many milliseconds it is time to look for jobs that came to a lane. */
  waitMs(laneId: number): number {
    const excess = this.#vainAt(this.#environment.monotonic(), laneId) - FEW;
    return excess <= 0 ? 0 : this.#environment.random() * Math.min(GROWTH ** excess, EACH_MS * this.#census.processes);
  }

  /** It was looked for jobs that came to a lane. */
  looked(laneId: number, { hasFound, wasToldMore }: Looked): void {
    const at = this.#environment.monotonic();
    const before = this.#vainAt(at, laneId);
    const madeUp = Math.max(0, Math.min(before - MAKES_UP, wasToldMore ? MOST : SHORT));
    this.#looked.set(laneId, { vain: hasFound ? madeUp : Math.min(before + 1, MOST), at });
  }

  #vainAt(now: number, laneId: number): number {
    const { processes } = this.#census;
    const usual = processes > MANY ? Math.min(vainFor(START_MS * processes), MOST) : 0;
    const { vain, at } = this.#looked.get(laneId) ?? { vain: usual, at: now };
    const forgotten = (now - at) / FORGOTTEN_MS;
    return vain > usual ? Math.max(usual, vain - forgotten) : Math.min(usual, vain + forgotten);
  }
}
