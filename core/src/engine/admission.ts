import { type DueJob, decideAdmission, type Level, PRIORITIES } from "@callsheet/contract";
import type { Catalogue, Learned } from "../operations/catalogue.ts";
import type { Admitter, Candidate } from "../store/admission.ts";
import type { Statements } from "../store/store.ts";
import { AdmissionPace } from "./admission-pace.ts";
import { Heads } from "./heads.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { BARE_FLOOR, changesOf, readContention, readFloor } from "./units.ts";
import { wokenBy } from "./woken-by.ts";

/** It is woken when jobs wait; until then it has nothing to look at. */
const IDLE_MS = 3_600_000;
const LEAST_GAP_MS = 50;
/** Where nodes empty the queue, only this share of it is filled, as they take from it what they would take in any case; and before it is known whether they do. */
const RUSH = 0.25;

/**
 * Orders the internal queue: the best due jobs stand in it, by effective priority and the shares of their owners, never more
 * than its capacity; and holds units back for the first job that needs more than are free. One process at a time does it.
 * When nodes empty the queue faster than it is filled they take pending jobs in the same order themselves, and filling it
 * for them would only cost: rounds become rarer then, whichever process makes them, and put fewer jobs into it. They are rarer, too,
 * where one takes long and changes nothing, as beside thousands of full lanes. To be woken when jobs wait; who is told so while
 * rounds go on anyway makes none of them come sooner.
 */
export function startAdmission(part: Part): Service {
  const { store, catalogue, environment, log, bus } = part;
  const heads = new Heads();
  const pace = new AdmissionPace();
  let isShared = false;
  /** The last round went well, and the next one comes by itself when it is due. */
  let isAwake = false;
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
      const restMs = isShared ? 0 : pace.restMs(started);
      if (restMs > 0) {
        isAwake = true;
        return restMs;
      }
      // Read before: a transaction is not to wait for a second connection.
      const learned = await catalogue.durations();
      const round = await store.transaction((tx) => admit(tx, { catalogue, learned, heads, isRush: pace.isRush }));
      if (round) ({ isShared } = round);
      isAwake = round?.isAnybodyWaiting ?? false;
      if (!round) return null;
      if (!round.isAnybodyWaiting) {
        pace.nobodyWaits();
        return null;
      }
      const { waitMs, hint } = pace.after(round, environment.monotonic() - started);
      if (hint) bus.publish(hint);
      return waitMs;
    },
  });
  // Where owners share a lane, a new job may have to go before those that are queued.
  const { stop } = wokenBy(bus, service, (hint) => isShared && hint?.kind === "lane");
  const unsubscribe = bus.subscribe((hint) => {
    if (hint?.kind === "admission") pace.hear(hint, environment.monotonic());
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
