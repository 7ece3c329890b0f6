import {
  type Action,
  decideEnding,
  decideUndoing,
  type Ending,
  type EndingStep,
  type JobEvent,
  queueTerms,
  type Undoing,
} from "@callsheet/contract";
import type { Free, Freed } from "../store/freeing.ts";
import type { LiveAttempt } from "../store/jobs.ts";
import type { OpenEntry } from "../store/journal.ts";
import type { Codes } from "../store/nodes.ts";
import type { Statements, Store } from "../store/store.ts";
import type { LockedTimed } from "../store/timed.ts";
import type { Change, Changed } from "../store/transition.ts";
import type { Catalogue } from "./catalogue.ts";
import { isRepeated } from "./timed/arm.ts";
import { lockTimedOf, settleOccurrence } from "./timed/settle.ts";

/** An attempt that has ended, and how. */
export interface EndedAttempt {
  readonly id: string;
  readonly token: string;
  /** It is a member of its claim, as far as the node knows. */
  readonly isMember: boolean;
  readonly ending: Ending;
  /** JSON text of the result, for `completed` and `partial`. */
  readonly result?: string;
  /** Its job is over, and its handler still runs: it keeps what it holds until that has ended. */
  readonly stillRuns?: true;
  /** What its node had announced, where that was lost: another one may not have this code. */
  readonly codes?: Codes;
}

export interface EndResult {
  /** Of jobs that ended, and of those that were handed their objects. */
  readonly changed: readonly Changed[];
  /** Pools that have units again. */
  readonly pools: readonly number[];
  /** Attempts that had been superseded: nothing of them was accepted. */
  readonly refused: readonly string[];
  /** Some left behind what is to be undone, or kept. */
  readonly leftJournals: boolean;
}

/** What ends attempts. `actor`, `reason`: who ends them, and why, when it is not the engine by itself. */
export interface Ender {
  readonly catalogue: Catalogue;
  readonly random: () => number;
  readonly actor?: string | null;
  readonly reason?: string | null;
}

/**
 * Ends attempts, each as the lifecycle says, all in one transaction, in which what they hold goes back; but what is needed to
 * undo them. A superseded one changes nothing but that. `actor`, `reason`: who ends them, and why, when it is not the engine by
 * itself.
 */
export async function endAttempts(
  store: Store,
  catalogue: Catalogue,
  attempts: readonly EndedAttempt[],
  random: () => number,
  actor: string | null = null,
  reason: string | null = null,
): Promise<EndResult> {
  const ender = { catalogue, random, actor, reason };
  return store.freeing((tx, free) => endWithin(tx, free, attempts, ender), ASKS_FOR_EVER);
}

/** Done again without knowing, its own end would look like that of a superseded attempt. */
const ASKS_FOR_EVER = { asksForEver: true };

/** The same in a transaction that has begun. */
export async function endWithin(
  tx: Statements,
  free: Free,
  attempts: readonly EndedAttempt[],
  ender: Ender,
): Promise<EndResult> {
  await anchorMembersOf(tx, attempts);
  const locked = await tx.lockAttempts(attempts);
  const known = new Set(locked.map(({ id }) => id));
  const refused = attempts.filter(({ id }) => !known.has(id));
  // Those that are being undone before their cancel settles have ended.
  const timed = await lockTimedOf(tx, locked);
  const ends = await decideEnds(tx, attempts, locked.filter(isUnended), { ...ender, timed });
  const running = ends.filter(
    ({ attempt: { stillRuns }, job }) => stillRuns && (job.isHolder || job.isJournaled || job.isElsewhere),
  );
  await tx.leaveRemnants(
    running.map(({ job }) => job.id),
    "overrun",
  );
  await changeSnoozed(tx, ends);
  const { actor = null, reason = null } = ender;
  const changed: Changed[] = [];
  // What answers an end follows it.
  for (const [event, changes] of grouped(ends))
    changed.push(...(await tx.transition({ event, changes, actor, reason })));
  await lookElsewhere(tx, ends);
  for (const { job, now } of ends)
    if (timed.has(job.id)) changed.push(...(await settleOccurrence(tx, timed.get(job.id)!, job, now)));
  const leftJournals = await leaveJournals(tx, ends, actor);
  const over = ends.filter(({ attempt, job, undone }) => job.isHolder && !attempt.stillRuns && undone.length === 0);
  const { granted, pools } = await free([
    ...over.map(({ attempt: { id, token } }) => ({ jobId: id, token })),
    ...(await notToUndo(
      tx,
      refused.filter(({ stillRuns }) => !stillRuns),
    )),
  ]);
  return { changed: [...changed, ...granted], pools, refused: refused.map(({ id }) => id), leftJournals };
}

const isUnended = ({ state, rollback }: LiveAttempt) => state !== "cancelling" || rollback !== "required";

/** What attempts that counted no more still hold: all of it, but of those whose job is, or now can be, undone. */
export async function notToUndo(
  tx: Statements,
  attempts: readonly Pick<EndedAttempt, "id" | "token">[],
): Promise<readonly Freed[]> {
  if (attempts.length === 0) return [];
  const held = new Set((await tx.heldByRollbacks(attempts)).map(({ id, token }) => `${id}/${token}`));
  return attempts.filter(({ id, token }) => !held.has(`${id}/${token}`)).map(({ id, token }) => ({ jobId: id, token }));
}

/** How a live attempt ends: what happens now and later, and what becomes of its journal. */
interface End extends Undoing<OpenEntry> {
  readonly attempt: EndedAttempt;
  readonly job: LiveAttempt;
}

async function decideEnds(
  tx: Statements,
  attempts: readonly EndedAttempt[],
  locked: readonly LiveAttempt[],
  { catalogue, random, timed }: Ender & { readonly timed: ReadonlyMap<string, LockedTimed> },
): Promise<readonly End[]> {
  const live = new Map(locked.map((job) => [job.id, job]));
  const versions = await catalogue.versions(
    locked.map((job) => job.actionVersionId),
    tx,
  );
  const journaled = locked.filter(({ isJournaled }) => isJournaled).map(({ id }) => id);
  // Read after the rows were locked: no entry is added any more.
  const entries = journaled.length === 0 ? [] : await tx.openEntries(journaled);
  return attempts.flatMap((attempt) => {
    const job = live.get(attempt.id);
    if (!job) return [];
    const open = entries.filter(({ jobId }) => jobId === job.id);
    const { definition } = versions.get(job.actionVersionId)!;
    const ending = endingOf(attempt, job, definition);
    const isTimed = timed.has(job.id) && isRepeated(timed.get(job.id)!);
    const steps = stepsOf(ending, { ...job, isTimed }, definition, random);
    return [{ attempt, job, ...decideUndoing(ending, steps, open) }];
  });
}

async function changeSnoozed(tx: Statements, ends: readonly End[]): Promise<void> {
  for (const { attempt, now } of ends)
    if (attempt.ending.kind === "snoozed" && attempt.ending.data !== undefined && now[0]?.event === "snooze")
      await tx.changeData(attempt.id, attempt.ending.data);
}

/** What lived elsewhere has ended; or it is to be told that its job is over. */
async function lookElsewhere(tx: Statements, ends: readonly End[]): Promise<void> {
  const away = ends.filter(({ job }) => job.isElsewhere);
  const [going, ended] = [
    away.filter(({ attempt }) => attempt.stillRuns),
    away.filter((end) => !end.attempt.stillRuns),
  ];
  await tx.closeElsewhere(ended.map(({ attempt }) => attempt));
  for (const { attempt } of going) await tx.hastenElsewhere(attempt.id);
}

/** Closes what counts, and leaves the rest to be undone. Answers whether there is anything to do. */
async function leaveJournals(tx: Statements, ends: readonly End[], actor: string | null): Promise<boolean> {
  await tx.keepEntries(ends.flatMap(({ kept }) => kept));
  const left = ends.filter(({ undone, kept }) => undone.length > 0 || kept.some(({ keeps }) => keeps));
  await tx.openRollbacks(
    left.map(({ attempt, job, now, later, undone }) => ({
      ...{ jobId: job.id, attempt: job.attempt, token: attempt.token, actor },
      ...{ undoes: undone.length > 0, waits: attempt.stillRuns === true, next: later },
      delayMs: now.find(({ event }) => event === "back_off")?.delayMs ?? null,
    })),
  );
  return left.length > 0;
}

async function anchorMembersOf(tx: Statements, attempts: readonly EndedAttempt[]): Promise<void> {
  const claims = groupBy(
    attempts.filter((attempt) => attempt.isMember),
    (attempt) => attempt.token,
  );
  const tokens = [...claims.keys()].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  for (const token of tokens)
    await tx.anchorMembers(
      token,
      claims.get(token)!.map((attempt) => attempt.id),
    );
}

/** Only queue jobs have data that a snooze may change; to the loss of a node its action or its type has a word to say. */
function endingOf({ ending, codes }: EndedAttempt, { data }: LiveAttempt, action: Action): Ending {
  if (ending.kind === "lost") {
    const { onNodeLost = codes?.[action.type]?.onNodeLost ?? "retry" } = action;
    return { ...ending, onNodeLost };
  }
  if (ending.kind !== "snoozed" || ending.data === undefined || data !== null) return ending;
  const message = "Only a queue job can be put back with changed data.";
  return { kind: "failed", error: { code: "wrong_state", message } };
}

function stepsOf(ending: Ending, job: LiveAttempt, action: Action, random: () => number): readonly EndingStep[] {
  const { state, retries, crashes, intent, data, attempt, isTimed } = job;
  const terms = data === null ? {} : { terms: queueTerms(data) };
  const known = { state, retries, crashes, retryAsked: intent === 1, policy: action.retry, attempt, isTimed, ...terms };
  return decideEnding(known, ending, random());
}

function changeOf(attempt: EndedAttempt, step: EndingStep): Change {
  const { event: _, error, ...rest } = step;
  return {
    id: attempt.id,
    token: attempt.token,
    ...rest,
    ...(error ? { error: JSON.stringify(error) } : {}),
    ...(attempt.result !== undefined && (step.to === "completed" || step.to === "partial")
      ? { result: attempt.result }
      : {}),
  };
}

function grouped(ends: readonly End[]): ReadonlyMap<JobEvent, readonly Change[]> {
  const events = new Map<JobEvent, Change[]>();
  const steps = ends.flatMap(({ attempt, now }) => now.map((step) => ({ attempt, step })));
  const isAnswer = ({ step: { event } }: (typeof steps)[number]) => event === "retry" || event === "rearm";
  const ordered = [...steps.filter((one) => !isAnswer(one)), ...steps.filter(isAnswer)];
  for (const { attempt, step } of ordered)
    events.set(step.event, [...(events.get(step.event) ?? []), changeOf(attempt, step)]);
  return events;
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
