import type { Expired, RetentionRun } from "@callsheet/contract";
import { isTransient, sqlStateOf } from "../store/failure.ts";
import { FIRST_MARK, type PurgeMark } from "../store/retention.ts";
import type { Statements } from "../store/store.ts";
import type { Timer } from "./environment.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

const ROUND_MS = 60_000;
/** Nothing of it is urgent: a node that starts has better things to do. */
const FIRST_MS = 10_000;
/** Once in the cluster. */
const DUTY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const DAYS_AHEAD = 7;
const PAGE_JOBS = 500;
const PAGE_LINES = 2_000;
/** The part of the time in which a pass is at work: the rest belongs to those whose jobs are to start. */
const SHARE = 0.1;
const LONGEST_REST_MS = 2_000;
/** Lines of that day are in the last partition already. */
const OCCUPIED = "23514";

/** Keeps house: partitions for the events of the coming days, and what retention says of settled jobs. */
export function startHouse(part: Part): Service {
  const { store, environment, log } = part;
  const rest = createRest(part);
  const service = startService({
    name: "house",
    environment,
    log,
    everyMs: ROUND_MS,
    firstMs: FIRST_MS,
    round: async () => {
      if (await store.beginDuty("event_days", DUTY_MS)) await makeDays(part);
      if (await store.beginDuty("retention", DUTY_MS)) {
        await store.forgetReceipts();
        await purge(part, rest);
      }
      if (await store.beginDuty("objects", DAY_MS)) await forgetObjects(part, rest);
      return null;
    },
  });
  return {
    wake: service.wake,
    stop: async () => {
      rest.end();
      await service.stop();
    },
  };
}

/** Makes the partitions of the coming days. What cannot be made now is tried again, or its lines go into the last one. */
export async function makeDays({ store }: Part): Promise<void> {
  if (!(await store.mayPartition())) return;
  for (const day of await store.missingDays(DAYS_AHEAD)) await store.transaction((tx) => tx.makeDay(day)).catch(excuse);
}

function excuse(error: unknown): false {
  if (!isTransient(error) && sqlStateOf(error) !== OCCUPIED) throw error;
  return false;
}

/** How a pass makes room for others between its pages. */
export interface Rest {
  readonly isOver: boolean;
  after(workedMs: number): Promise<void>;
  end(): void;
}

export function createRest({ environment }: Part): Rest {
  let [isOver, timer, wake]: [boolean, Timer | undefined, () => void] = [false, undefined, () => {}];
  return {
    get isOver() {
      return isOver;
    },
    after: (workedMs) =>
      new Promise((resolve) => {
        wake = resolve;
        timer = environment.timers.after(Math.min(LONGEST_REST_MS, (workedMs * (1 - SHARE)) / SHARE), resolve);
      }),
    end: () => {
      isOver = true;
      timer?.cancel();
      wake();
    },
  };
}

/** Deletes the jobs whose time is over, a page at a time, and the partitions of events that nothing is left in. */
export async function purge(part: Part, rest: Rest): Promise<RetentionRun> {
  const { store, environment } = part;
  const counts = new Map<string, Expired>();
  const hasRules = (await store.readRetention()).some(({ keepMs }) => keepMs !== null);
  for (let mark: PurgeMark | undefined = hasRules ? FIRST_MARK : undefined; mark !== undefined && !rest.isOver; ) {
    const [from, begun]: [PurgeMark, number] = [mark, environment.monotonic()];
    const { next, expired } = await store.transaction((tx) => tx.purgeSettled(from, PAGE_JOBS));
    for (const { state, type, jobs } of expired) {
      const key = `${state} ${type}`;
      counts.set(key, { state, type, jobs: (counts.get(key)?.jobs ?? 0) + jobs });
    }
    mark = next;
    if (mark !== undefined) await rest.after(environment.monotonic() - begun);
  }
  const occurrences = await forget(part, rest);
  return summed([...counts.values()], { isDryRun: false, occurrences, dropped: await dropEmpty(part) });
}

/**
 * Lets go of old occurrences of timed actions, then of their lines of history and those of queue jobs that repeat, a page at a
 * time. Answers how many occurrences.
 */
async function forget(part: Part, rest: Rest): Promise<number> {
  let occurrences = 0;
  for (const old of await part.store.timedWithOld()) {
    occurrences += await inPages(part, rest, (tx) => tx.forgetOccurrences(old, PAGE_LINES));
    await inPages(part, rest, (tx) => tx.forgetLines(old, PAGE_LINES));
  }
  for (const old of await part.store.repeatingWithOld())
    await inPages(part, rest, (tx) => tx.forgetRuns(old, PAGE_LINES));
  return occurrences;
}

/** Lets go of the rows of objects that nobody locks any more. */
async function forgetObjects({ store, environment }: Part, rest: Rest): Promise<void> {
  for (let after: string | undefined = ""; after !== undefined && !rest.isOver; ) {
    const begun = environment.monotonic();
    after = await store.forgetObjects(after, PAGE_LINES);
    if (after !== undefined) await rest.after(environment.monotonic() - begun);
  }
}

/** Does something until nothing is left of it, each time in a transaction, with rests between. Answers how much it was. */
async function inPages(
  { store, environment }: Part,
  rest: Rest,
  act: (tx: Statements) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (let isMore = true; isMore && !rest.isOver; ) {
    const begun = environment.monotonic();
    const count = await store.transaction(act);
    sum += count;
    isMore = count > 0;
    if (isMore) await rest.after(environment.monotonic() - begun);
  }
  return sum;
}

/** What a pass would delete now. */
export async function foresee({ store }: Part): Promise<RetentionRun> {
  let occurrences = 0;
  for (const old of await store.timedWithOld()) occurrences += await store.countOldOccurrences(old);
  return summed(await store.countExpired(), { isDryRun: true, occurrences, dropped: [] });
}

function summed(
  expired: readonly Expired[],
  run: Pick<RetentionRun, "isDryRun" | "occurrences" | "dropped">,
): RetentionRun {
  return { ...run, jobs: expired.reduce((sum, { jobs }) => sum + jobs, 0), expired };
}

async function dropEmpty({ store }: Part): Promise<readonly string[]> {
  if (!(await store.mayPartition())) return [];
  const dropped: string[] = [];
  for (const name of await store.emptyPartitions())
    if (await store.transaction((tx) => tx.dropPartition(name)).catch(excuse)) dropped.push(name);
  return dropped;
}
