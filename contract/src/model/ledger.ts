import type { Place } from "./place.ts";
import type { PoolFacts, Reservation } from "./world.ts";

/** Units that an attempt holds, and when it is expected to give them back; null: nobody knows. */
export interface Holding {
  readonly poolId: number;
  readonly units: number;
  readonly endsAt: Date | null;
}

/** Units of a pool held back for a job that does not fit yet. */
export interface PoolReservation extends Reservation {
  readonly poolId: number;
}

/** A pool, as admission sees it. */
export type PoolRoom = Pick<PoolFacts, "id" | "capacity" | "used" | "state"> & {
  /** The job that units of it are held back for. */
  readonly reservedFor: string | null;
};

/** A job that takes units. */
export interface UnitsAsked {
  readonly id: string;
  readonly places?: readonly Place[] | undefined;
  readonly expectedMs?: number | null;
}

interface Account {
  readonly id: number;
  free: number;
  readonly reservedFor: string | null;
  readonly releases: { readonly at: number; readonly units: number }[];
  /** A job that does not fit is first here: no other gets a reservation. */
  isSpokenFor: boolean;
  held: { readonly jobId: string; readonly units: number; readonly until: number; spare: number } | null;
}

type Take = readonly { readonly account: Account; readonly units: number }[];
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The units of all pools while jobs are served one after the other: what one takes, those after it lack. The first that does
 * not fit is served as well: what it needs is held back for it, and only jobs that do not delay it take of that.
 */
export class Ledger {
  readonly #now: number;
  readonly #accounts: ReadonlyMap<number, Account>;

  constructor(now: Date, pools: readonly PoolRoom[], holdings: readonly Holding[]) {
    this.#now = now.getTime();
    const accounts = pools.flatMap(({ id, capacity, used, state, reservedFor }): [number, Account][] =>
      state === "started"
        ? [[id, { id, free: capacity - used, reservedFor, releases: [], isSpokenFor: false, held: null }]]
        : [],
    );
    this.#accounts = new Map(accounts);
    for (const { poolId, units, endsAt } of holdings)
      this.#accounts.get(poolId)?.releases.push({ at: endsAt?.getTime() ?? NEVER, units });
  }

  /** Whether a job has its units, or has them held back for it; then they are taken. */
  serves(job: UnitsAsked): boolean {
    if (job.places === undefined) return true;
    for (const place of job.places) {
      const take = this.#choose(place, (account, units) => (this.#hasRoom(account, job, units) ? 0 : undefined));
      if (!take) continue;
      const isKept = take.some(({ account }) => account.reservedFor === job.id);
      // Until it has started, what was held back for it stays so.
      if (isKept && take.every(({ account }) => !account.isSpokenFor)) this.#reserve(job, take, this.#now);
      else this.#take(job, take);
      return true;
    }
    return this.#holdBack(job, job.places);
  }

  /** What is held back, for whom. */
  get reservations(): readonly PoolReservation[] {
    return [...this.#accounts.values()].flatMap(({ id, held }) =>
      held === null ? [] : [{ ...held, poolId: id, until: held.until === NEVER ? null : new Date(held.until) }],
    );
  }

  /** For each ask the pool that suits it best: the one of the smallest `rank`; those without one do not suit. */
  #choose(place: Place, rank: (account: Account, units: number) => number | undefined): Take | undefined {
    const sums = new Map<Account, number>();
    for (const { units, pools } of place) {
      let best: { readonly account: Account; readonly rank: number } | undefined;
      for (const id of pools) {
        const account = this.#accounts.get(id);
        const found = account && rank(account, units + (sums.get(account) ?? 0));
        if (found !== undefined && (best === undefined || found < best.rank)) best = { account: account!, rank: found };
      }
      if (!best) return undefined;
      sums.set(best.account, units + (sums.get(best.account) ?? 0));
    }
    return [...sums].map(([account, units]) => ({ account, units }));
  }

  #hasRoom(account: Account, job: UnitsAsked, units: number): boolean {
    if (units > account.free) return false;
    return account.held === null || this.#endsBefore(job, account.held.until) || units <= account.held.spare;
  }

  #endsBefore({ expectedMs }: UnitsAsked, until: number): boolean {
    return until !== NEVER && typeof expectedMs === "number" && this.#now + expectedMs <= until;
  }

  #take(job: UnitsAsked, take: Take): void {
    const at = typeof job.expectedMs === "number" ? this.#now + job.expectedMs : NEVER;
    for (const { account, units } of take) {
      if (account.held && !this.#endsBefore(job, account.held.until)) account.held.spare -= units;
      account.free -= units;
      account.releases.push({ at, units });
    }
  }

  /** Holds back what the first job that does not fit will need, at the place where it fits first. */
  #holdBack(job: UnitsAsked, places: readonly Place[]): boolean {
    let best: { readonly take: Take; readonly until: number } | undefined;
    for (const place of places) {
      const take = this.#choose(place, (account, units) => this.#fitsAt(account, units));
      if (!take) continue;
      const until = Math.max(...take.map(({ account, units }) => this.#fitsAt(account, units)!));
      if (best === undefined || until < best.until) best = { take, until };
    }
    if (!best) return false;
    const isNarrow = best.take.length === 1 && best.take[0]!.units === 1;
    // Whatever comes free is enough for one unit: nobody can take it away in smaller pieces.
    if (isNarrow) best.take[0]!.account.isSpokenFor = true;
    else this.#reserve(job, best.take, best.until);
    return true;
  }

  #reserve({ id }: UnitsAsked, take: Take, until: number): void {
    for (const { account, units } of take) {
      const freeThen = until === NEVER ? account.free : this.#freeAt(account, until);
      account.isSpokenFor = true;
      account.held = { jobId: id, units, until, spare: Math.max(0, freeThen - units) };
    }
  }

  #freeAt({ free, releases }: Account, at: number): number {
    return releases.reduce((sum, release) => (release.at <= at ? sum + release.units : sum), free);
  }

  /** When so many units are free if nothing else begins; `NEVER`: nobody knows; undefined: not for this job. */
  #fitsAt({ free, releases, isSpokenFor }: Account, units: number): number | undefined {
    if (isSpokenFor) return undefined;
    let room = free;
    if (room >= units) return this.#now;
    for (const release of [...releases].sort((a, b) => a.at - b.at)) {
      room += release.units;
      if (room >= units) return Math.max(this.#now, release.at);
    }
    return undefined;
  }
}
