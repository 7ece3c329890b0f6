import {
  type Action,
  decideEnding,
  type Ending,
  type EndingStep,
  type JobEvent,
  queueTerms,
} from "@callsheet/contract";
import type { LiveAttempt } from "../store/jobs.ts";
import type { Statements, Store } from "../store/store.ts";
import type { Change, Changed } from "../store/transition.ts";
import type { Catalogue } from "./catalogue.ts";

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
}

export interface EndResult {
  /** Of jobs that ended, and of those that were handed their objects. */
  readonly changed: readonly Changed[];
  /** Pools that have units again. */
  readonly pools: readonly number[];
  /** Attempts that had been superseded: nothing of them was accepted. */
  readonly refused: readonly string[];
}

/**
 * Ends attempts, each as the lifecycle says, all in one transaction, in which what they hold goes back. A superseded one
 * changes nothing but that. `actor`, `reason`: who ends them, and why, when it is not the engine by itself.
 */
export async function endAttempts(
  store: Store,
  catalogue: Catalogue,
  attempts: readonly EndedAttempt[],
  random: () => number,
  actor: string | null = null,
  reason: string | null = null,
): Promise<EndResult> {
  return store.freeing(async (tx, free) => {
    await anchorMembersOf(tx, attempts);
    const live = new Map((await tx.lockAttempts(attempts)).map((job) => [job.id, job]));
    const versions = await catalogue.versions(
      [...live.values()].map((job) => job.actionVersionId),
      tx,
    );
    const steps = attempts.flatMap((attempt) => {
      const job = live.get(attempt.id);
      return job ? stepsOf(attempt, job, versions.get(job.actionVersionId)!.definition, random) : [];
    });
    const refused = attempts.filter(({ id }) => !live.has(id));
    const holders = attempts.filter(({ id }) => live.get(id)?.isHolder);
    const running = holders.filter(({ stillRuns }) => stillRuns);
    await tx.leaveRemnants(
      running.map(({ id }) => id),
      "overrun",
    );
    for (const { event, change, data } of steps)
      if (event === "snooze" && data !== undefined) await tx.changeData(change.id, data);
    const changed: Changed[] = [];
    // What answers an end follows it.
    for (const [event, changes] of grouped(steps))
      changed.push(...(await tx.transition({ event, changes, actor, reason })));
    const over = [...holders, ...refused].filter(({ stillRuns }) => !stillRuns);
    const { granted, pools } = await free(over.map(({ id, token }) => ({ jobId: id, token })));
    return { changed: [...changed, ...granted], pools, refused: refused.map(({ id }) => id) };
  }, ASKS_FOR_EVER);
}

/** Done again without knowing, its own end would look like that of a superseded attempt. */
const ASKS_FOR_EVER = { asksForEver: true };

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

type Step = { readonly event: JobEvent; readonly change: Change; readonly data?: string };

function stepsOf(attempt: EndedAttempt, job: LiveAttempt, action: Action, random: () => number): readonly Step[] {
  const { state, retries, crashes, intent, data, attempt: number } = job;
  const terms = data === null ? {} : { terms: queueTerms(data) };
  const known = { state, retries, crashes, retryAsked: intent === 1, policy: action.retry, attempt: number, ...terms };
  const ending = data === null ? withoutData(attempt.ending) : attempt.ending;
  const steps = decideEnding(known, ending, random());
  const changed = ending.kind === "snoozed" && ending.data !== undefined ? { data: ending.data } : {};
  return steps.map((step) => ({ event: step.event, change: changeOf(attempt, step), ...changed }));
}

/** Only queue jobs have data that a snooze may change. */
function withoutData(ending: Ending): Ending {
  if (ending.kind !== "snoozed" || ending.data === undefined) return ending;
  const message = "Only a queue job can be put back with changed data.";
  return { kind: "failed", error: { code: "wrong_state", message } };
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

function grouped(steps: readonly Step[]): ReadonlyMap<JobEvent, readonly Change[]> {
  const events = new Map<JobEvent, Change[]>();
  const isAnswer = ({ event }: Step) => event === "retry" || event === "rearm";
  const ordered = [...steps.filter((step) => !isAnswer(step)), ...steps.filter(isAnswer)];
  for (const { event, change } of ordered) events.set(event, [...(events.get(event) ?? []), change]);
  return events;
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
