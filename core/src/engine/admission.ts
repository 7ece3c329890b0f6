import { type DueJob, decideAdmission, type Level, PRIORITIES } from "@callsheet/contract";
import type { Catalogue, Learned } from "../operations/catalogue.ts";
import type { Admitter, Candidate } from "../store/admission.ts";
import type { Statements } from "../store/store.ts";
import { Heads } from "./heads.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { BARE_FLOOR, changesOf, readContention, readFloor } from "./units.ts";
import { wokenBy } from "./woken-by.ts";

/** It is woken when jobs wait; until then it has nothing to look at. */
const IDLE_MS = 3_600_000;
const LEAST_GAP_MS = 50;
const EAGER_MS = 100;
const RARE_MS = 2_000;
/** By so much rounds become rarer each time that the queue was emptied meanwhile. */
const RARER = 4;
/** The queue was emptied where at most this share of it is left. */
const DRY = 0.25;
/** Then only this share of it is filled, as nodes take from it what they would take in any case; and before it is known whether they do. */
const RUSH = 0.25;
/** Rounds take at most this share of the time; those that change nothing, this one. */
const SHARE = 0.25;
const SHARE_IN_VAIN = 0.05;

/**
 * Orders the internal queue: the best due jobs stand in it, by effective priority and the shares of their owners, never more
 * than its capacity; and holds units back for the first job that needs more than are free. One process at a time does it.
 * When nodes empty the queue faster than it is filled they take pending jobs in the same order themselves, and filling it
 * for them would only cost: rounds become rarer then, and put fewer jobs into it. So do they where one takes long, as it does
 * beside thousands of lanes. How rare they are holds for all processes together, whichever makes them. To be woken when jobs wait; who is told so while rounds go on anyway makes none of them come sooner.
 */
export function startAdmission(part: Part): Service {
  const { store, catalogue, environment, log, bus } = part;
  const heads = new Heads();
  let gap = EAGER_MS;
  let isShared = false;
  /** Nodes had emptied the queue before the last round; or nobody waited. */
  let isRush = true;
  /** How many stood in the queue after the last round. */
  let stood = 0;
  /** The last round went well, and the next one comes by itself when it is due. */
  let isAwake = false;
  /** Another process said that none is needed until then. */
  let notBefore = Number.NEGATIVE_INFINITY;
  const service = startService({
    name: "admission",
    environment,
    log,
    everyMs: IDLE_MS,
    firstMs: IDLE_MS,
    gapMs: LEAST_GAP_MS,
    round: async () => {
      isAwake = false;
      const started = environment.monotonic();
      // Where owners share a lane each round may change who goes first.
      if (!isShared && started < notBefore) {
        isAwake = true;
        return notBefore - started;
      }
      // Read before: a transaction is not to wait for a second connection.
      const learned = await catalogue.durations();
      const round = await store.transaction((tx) => admit(tx, { catalogue, learned, heads, isRush }));
      if (round) ({ isShared } = round);
      isAwake = round?.isAnybodyWaiting ?? false;
      if (!round?.isAnybodyWaiting) {
        if (round) [gap, stood, isRush] = [EAGER_MS, 0, true];
        return null;
      }
      isRush = round.admitted > 0 && round.found <= stood * DRY;
      stood = round.found + round.admitted;
      gap = isRush ? Math.min(RARE_MS, gap * RARER) : EAGER_MS;
      const share = round.hasChanged ? SHARE : SHARE_IN_VAIN;
      const waitMs = Math.max(gap, Math.ceil((environment.monotonic() - started) * (1 / share - 1)));
      if (waitMs > EAGER_MS) bus.publish({ kind: "admission", stood, gapMs: waitMs, isRush });
      return waitMs;
    },
  });
  // Where owners share a lane, a new job may have to go before those that are queued.
  const { stop } = wokenBy(bus, service, (hint) => isShared && hint?.kind === "lane");
  const unsubscribe = bus.subscribe((hint) => {
    if (hint?.kind !== "admission") return;
    ({ stood, isRush } = hint);
    gap = isRush ? Math.min(RARE_MS, hint.gapMs) : EAGER_MS;
    notBefore = environment.monotonic() + hint.gapMs;
  });
  return {
    wake: () => isAwake || service.wake(),
    stop: async () => {
      unsubscribe();
      await stop();
    },
  };
}

interface Means {
  readonly catalogue: Catalogue;
  readonly learned: Learned;
  readonly heads: Heads;
  /** Nodes empty the queue faster than it is filled, as far as is known. */
  readonly isRush: boolean;
}

/** One round; undefined: another process admits. */
async function admit(tx: Statements, { catalogue, learned, heads, isRush }: Means) {
  const admitter = await tx.becomeAdmitter();
  if (!admitter) return undefined;
  const { now, stepMs, hasPools, isShared } = admitter;
  const floor = hasPools ? await readFloor(tx) : BARE_FLOOR;
  const queue = await tx.queuedJobs();
  const queued = queue.filter(({ turn }) => turn! >= 0);
  // Where owners share a lane the queue alone has them take turns.
  const most = isRush && !isShared ? queued.length + Math.ceil(admitter.capacity * RUSH) : Number.POSITIVE_INFINITY;
  const capacity = Math.min(admitter.capacity, most);
  const pending = await heads.read(tx, admitter, Math.max(0, capacity - queued.length), floor.full);
  const { pools, holdings, taking } = await readContention(tx, floor, [...queued, ...pending], { catalogue, learned });
  const asDue = (job: Candidate): DueJob => ({ ...dueOf(job), ...taking(job) });
  const decision = decideAdmission({
    ...{ now, stepMs, capacity, pools, holdings },
    queued: queued.map((job) => ({ ...asDue(job), turn: job.turn! })),
    pending: pending.map(asDue),
    busy: await busyOwners(tx, admitter, queue),
  });
  await tx.giveWay(decision.giveWay);
  await tx.admitJobs([...decision.admit, ...decision.reorder]);
  const reservations = changesOf(floor.pools, decision.reservations);
  await tx.putReservations(reservations);
  const changes = [decision.admit, decision.giveWay, decision.reorder, reservations];
  return {
    isShared,
    hasChanged: changes.some(({ length }) => length > 0),
    isAnybodyWaiting: queue.length + pending.length > 0,
    found: queue.length,
    admitted: decision.admit.length,
  };
}

const dueOf = ({ id, rank, dueAt, ownerId }: Candidate): DueJob => ({
  ...{ id, dueAt, owner: ownerId },
  level: (PRIORITIES.urgent - rank) as Level,
});

/** How many jobs of each owner run, or wait with their locks handed over. What runs is counted only where owners share a lane. */
async function busyOwners(
  tx: Statements,
  { isShared }: Admitter,
  queue: readonly Candidate[],
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map(isShared ? await tx.liveByOwner() : []);
  for (const { ownerId, turn } of queue) if (turn! < 0) counts.set(ownerId, (counts.get(ownerId) ?? 0) + 1);
  return counts;
}
