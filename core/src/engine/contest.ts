import { type Ask, type CandidateJob, decide, type PoolFacts, type Verdict, type World } from "@callsheet/contract";
import type { Claimed } from "../store/claim.ts";
import type { AskedLane, Candidate, Start } from "../store/contended.ts";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Contention as Transaction } from "../store/hot-path.ts";
import type { Head } from "../store/lane-heads.ts";
import type { Keeping } from "./keeping.ts";

/** So many of those who hold an object are named to who waits for it. */
const MOST_HOLDERS = 10;

/** What is asked for, by whom. */
export interface Request {
  readonly nodeId: number;
  readonly node: World["node"];
  readonly lanes: readonly AskedLane[];
  /** How many jobs are looked at, and how many of them may start. */
  readonly limit: number;
  readonly want: number;
  /** How many are tried, where it is not looked who stands at objects: some will not get theirs. */
  readonly tries: number;
  readonly running: ReadonlyMap<number, number>;
  readonly laneOf: (id: number) => ClaimLane;
  readonly asksOf: (lane: ClaimLane) => readonly Ask[];
  /** Pools that the jobs are likely to take of: they are read with them. */
  readonly nearPools: readonly number[];
  /** The number that counts the changes of pools, as it was when those were read that `asksOf` knows. */
  readonly rules: string;
  /** Whether a job that has to wait for an object is to stand in line, rather than to be looked at again; `place`: among those that wait for it, from 1. */
  readonly mayStand: (job: Candidate, place: number) => boolean;
  /** Objects that are in use, as numbers: jobs that lock them are not looked at; empty: all are. */
  readonly inUse: readonly number[];
  /** Of these objects, those that may have no row yet. */
  readonly notMade: (keys: readonly string[]) => readonly string[];
  /** How long candidates are expected to run at most, in milliseconds; null: nobody knows. Asked only where units are held back. */
  readonly expectationsOf: (
    tx: Transaction,
    jobs: readonly Candidate[],
  ) => Promise<(job: Candidate) => CandidateJob["expectedMs"]>;
  /** What this node keeps of objects. */
  readonly keeping: Keeping;
  /** Whether it is looked first who stands at objects. If not, that is found when they are taken. */
  readonly seesObjects: boolean;
  /** Pools are locked before it is decided, because others took of them meanwhile the last time. */
  readonly isTight: boolean;
}

/** What became of the jobs that were looked at. */
export interface Contest {
  readonly candidates: readonly Candidate[];
  readonly taken: readonly Claimed[];
  /** Those that stand in line now. */
  readonly blocked: readonly Candidate[];
  /** Those that wait for an object and do not stand in line yet. */
  readonly left: readonly Candidate[];
  /** Where jobs were passed over because their objects are in use, those that come first. */
  readonly heads: readonly Head[];
  /** Those that wait for an object that a node keeps. */
  readonly away: readonly Candidate[];
  /** Those that come after one that starts, at an object that this node keeps. */
  readonly behind: readonly Candidate[];
  /** Objects that other nodes keep, and which. */
  readonly keptElsewhere: ReadonlyMap<string, number>;
  /** Jobs were decided on under locks, where what this node keeps is not to be had. */
  readonly isHindered: boolean;
  /** The pools in question as they are once the transaction is committed. */
  readonly pools: readonly PoolFacts[];
}

interface Entry {
  readonly candidate: Candidate;
  readonly job: CandidateJob;
}

/**
 * Decides on jobs in one transaction, and starts those that may. A first look, which locks no object and no pool, leaves
 * those alone that cannot start in any case: whoever frees is not held up for nothing. Where nobody stands at the objects of
 * those that may, they are taken as long as that holds; else what was found is decided again under the locks. Undefined: what
 * is known of pools holds no more, and nothing was decided.
 */
export async function contest(tx: Transaction, request: Request): Promise<Contest | undefined> {
  const { nodeId, want, tries, seesObjects, laneOf, mayStand, isTight, keeping } = request;
  const look = await lookAt(tx, request);
  if (look === undefined) return undefined;
  const { candidates, heads, world, lined, poolIds, lasts } = look;
  const away = candidates.filter((one) => isAway(one, look, request));
  const beside = new Set(away);
  const entries = candidates.flatMap((one) =>
    beside.has(one) ? [] : [{ candidate: one, job: asJob(one, laneOf(one.laneId), lasts(one)) }],
  );
  const verdicts = decide(
    entries.map(({ job }) => job),
    world,
    seesObjects ? want : tries,
  );
  const blockedHere = blockedOf(entries, verdicts);
  const waiting = blockedHere.filter(({ why }) => !keeping.isKept(why.key));
  const behind = blockedHere.filter(({ why }) => keeping.isKept(why.key)).map(({ entry }) => entry.candidate);
  const found = {
    ...{ candidates, heads, away, behind, isHindered: false },
    keptElsewhere: new Map([...look.kept].filter(([, node]) => node !== nodeId)),
  };
  const standing = toStand(waiting, mayStand);
  const starts = startsOf(entries, verdicts);
  if (!isTight && standing.size === 0 && areAlone(starts, world, lined)) {
    const taking = { starts, most: want, notMade: request.notMade(keysOf(starts)), keeping: keeping.alone };
    const taken = starts.length > 0 ? await tx.takeAlone(nodeId, taking) : [];
    const left = leftOf(candidates, {
      asked: [...waiting.map(({ entry }) => entry), ...starts],
      done: taken,
      isFull: taken.length === want,
    });
    return { ...found, taken, blocked: [], left, pools: asTaken(world.pools, taken) };
  }
  const hopeful = entries.filter((entry, index) => verdicts[index]?.kind === "start" || standing.has(entry));
  const final = await decideUnderLocks(tx, { hopeful, world, poolIds, request });
  const standingNow = final.waiting.filter(({ entry }) => standing.has(entry));
  const blocked = standingNow.map(({ entry }) => entry.candidate);
  const [taken] = await Promise.all([
    final.starts.length > 0 ? tx.takeJobs(nodeId, { starts: final.starts, arePoolsLocked: isTight }) : [],
    block(tx, standingNow),
  ]);
  const vain = [...[...waiting, ...final.waiting].map(({ entry }) => entry), ...final.unsure];
  const left = leftOf(candidates, { asked: vain, done: [...taken, ...blocked], isFull: false });
  const isHindered = keysOf(hopeful).some((key) => keeping.isKept(key));
  return { ...found, taken, blocked, left, isHindered, pools: asTaken(final.pools, taken) };
}

/** What was found before anything was decided. */
interface Look {
  readonly candidates: readonly Candidate[];
  readonly heads: readonly Head[];
  readonly world: World;
  readonly lined: readonly string[];
  readonly kept: ReadonlyMap<string, number>;
  readonly poolIds: readonly number[];
  readonly lasts: (job: Candidate) => CandidateJob["expectedMs"];
}

/** Jobs, who stands at their objects, and the pools in question; undefined: what is known of pools holds no more. */
async function lookAt(tx: Transaction, request: Request): Promise<Look | undefined> {
  const { nodeId, lanes, limit, running, seesObjects, inUse, laneOf } = request;
  const [{ jobs: candidates, objects: seen, lined, kept, heads }, rules, near] = await Promise.all([
    tx.lockCandidates({ nodeId, lanes, want: limit, running, seesObjects, inUse }),
    tx.rulesNumber(),
    tx.poolsNow(request.nearPools),
  ]);
  const [first] = candidates;
  if (first && rules !== request.rules) return undefined;
  const asked = [...new Set(candidates.map(({ laneId }) => laneId))].flatMap((id) => poolsOf(laneOf(id), request));
  const poolIds = [...new Set(asked)].sort((a, b) => a - b);
  const known = new Set(near.map(({ id }) => id));
  const [lines, far] = await Promise.all([tx.readObjects(lined), tx.poolsNow(poolIds.filter((id) => !known.has(id)))]);
  const pools = first ? [...near, ...far] : [];
  const world = { now: first?.now ?? NO_TIME, node: request.node, pools, objects: [...seen, ...lines] };
  const isHeldBack = pools.some(({ reservation }) => reservation !== null);
  const lasts = isHeldBack ? await request.expectationsOf(tx, candidates) : () => null;
  return { candidates, heads, world, lined, kept, poolIds, lasts };
}

/** Where nothing is decided. */
const NO_TIME = new Date(0);

/** Whether a job locks what a node keeps, and cannot have it: another node does, a job of this one holds it, or it locks others beside. */
function isAway({ locks }: Candidate, { kept }: Look, { keeping }: Request): boolean {
  return locks.some(({ key }) => keeping.isInUse(key) || (keeping.isKept(key) ? locks.length > 1 : kept.has(key)));
}

interface Outcome {
  readonly asked: readonly { readonly candidate: Candidate }[];
  readonly done: readonly { readonly id: string }[];
  /** No more were wanted: those behind the last that was done were not decided on. */
  readonly isFull: boolean;
}

/** Those that were asked for in vain. */
function leftOf(candidates: readonly Candidate[], { asked, done, isFull }: Outcome): readonly Candidate[] {
  const ids = new Set(done.map(({ id }) => id));
  const open = new Set(asked.map(({ candidate }) => candidate.id));
  const end = isFull ? candidates.findLastIndex(({ id }) => ids.has(id)) : candidates.length;
  return candidates.slice(0, end).filter(({ id }) => open.has(id) && !ids.has(id));
}

const startsOf = (entries: readonly Entry[], verdicts: readonly Verdict[]): readonly Start[] =>
  entries.flatMap(({ candidate }, index) => {
    const verdict = verdicts[index];
    return verdict?.kind === "start" ? [{ candidate, units: verdict.units }] : [];
  });

/** Whether jobs start as members of claims, share no object, nobody stands at theirs, which have no lines, and nothing is held back of their pools. */
function areAlone(starts: readonly Start[], { objects, pools }: World, lined: readonly string[]): boolean {
  const stoodAt = new Set([...objects.map(({ key }) => key), ...lined]);
  const reserved = new Set(pools.filter(({ reservation }) => reservation !== null).map(({ id }) => id));
  return starts.every(
    ({ candidate: { isPlain, turn, locks }, units }) =>
      isPlain &&
      (turn === null || turn >= 0) &&
      locks.every(({ key, mode }) => mode === "exclusive" && !stoodAt.has(key)) &&
      units.every(({ poolId }) => !reserved.has(poolId)),
  );
}

/** Of those that wait for an object, who is to stand in line for it. */
function toStand(waiting: readonly Waiting[], mayStand: Request["mayStand"]): ReadonlySet<Entry> {
  const ahead = new Map<string, number>();
  const standing = waiting.filter(({ entry, why }) => {
    const place = (ahead.get(why.key) ?? 0) + 1;
    ahead.set(why.key, place);
    return mayStand(entry.candidate, place);
  });
  return new Set(standing.map(({ entry }) => entry));
}

const blockedOf = (entries: readonly Entry[], verdicts: readonly Verdict[]): readonly Waiting[] =>
  entries.flatMap((entry, index) => {
    const verdict = verdicts[index];
    return verdict?.kind === "block" ? [{ entry, why: verdict.why }] : [];
  });

interface Hopeful {
  readonly hopeful: readonly Entry[];
  readonly world: World;
  readonly poolIds: readonly number[];
  readonly request: Request;
}

async function decideUnderLocks(tx: Transaction, { hopeful, world, poolIds, request }: Hopeful) {
  const keys = keysOf(hopeful);
  const [, locked, objects, pools] = await Promise.all([
    tx.makeObjects(request.notMade(keys)),
    tx.tryObjects(keys),
    // Who was handed his objects has them, unless they are in quarantine.
    tx.readObjects(keys, { linesOf: keysOf(hopeful.filter(({ job }) => job.ticket === null)) }),
    request.isTight ? tx.lockPools(poolIds) : world.pools,
  ]);
  const ours = new Set(locked);
  const isOurs = ({ candidate }: Entry) => candidate.locks.every(({ key }) => ours.has(key));
  const [sure, unsure] = [hopeful.filter(isOurs), hopeful.filter((entry) => !isOurs(entry))];
  const jobs = sure.map(({ job }) => job);
  const verdicts = decide(jobs, { ...world, objects, pools }, request.want);
  return { starts: startsOf(sure, verdicts), waiting: blockedOf(sure, verdicts), unsure, pools };
}

const keysOf = (entries: readonly { readonly candidate: Candidate }[]) => [
  ...new Set(entries.flatMap(({ candidate }) => candidate.locks.map(({ key }) => key))),
];

const poolsOf = (lane: ClaimLane, { asksOf }: Request) =>
  asksOf(lane).flatMap(({ pools }) => pools.map(({ id }) => id));

/** A job that has to wait for an object, and why. */
interface Waiting {
  readonly entry: Entry;
  readonly why: (Verdict & { kind: "block" })["why"];
}

async function block(tx: Transaction, waiting: readonly Waiting[]): Promise<void> {
  if (waiting.length === 0) return;
  const changes = waiting.map((one) => ({
    id: one.entry.candidate.id,
    to: "waiting_for_lock" as const,
    data: saidOf(one),
  }));
  const jobs = waiting.map(({ entry }) => entry.candidate);
  await Promise.all([tx.transition({ event: "block", changes }), tx.standInLine(jobs)]);
}

/** What the history says of it: for which object it waits, how it wants it, and behind whom, or why nobody may have it. */
function saidOf({ entry, why }: Waiting): string {
  const mode = entry.candidate.locks.find((lock) => lock.key === why.key)?.mode;
  const behind =
    why.reason === "object_quarantined"
      ? { quarantine: why.because }
      : { place: why.place, holders: why.holders.slice(0, MOST_HOLDERS) };
  return JSON.stringify({ object: why.key, mode, ...behind });
}

function asTaken(pools: readonly PoolFacts[], taken: readonly Claimed[]): readonly PoolFacts[] {
  const sums = new Map<number, number>();
  for (const { poolId, units } of taken.flatMap((job) => job.units ?? []))
    sums.set(poolId, (sums.get(poolId) ?? 0) + units);
  return pools.map((pool) => ({ ...pool, used: pool.used + (sums.get(pool.id) ?? 0) }));
}

function asJob({ id, turn, locks }: Candidate, lane: ClaimLane, expectedMs: number | null): CandidateJob {
  return { id, lane, locks, ticket: turn !== null && turn < 0 ? { number: turn, held: true } : null, expectedMs };
}
