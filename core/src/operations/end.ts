import { decideEnding, type Ending, type EndingStep, type JobEvent, type RetryPolicy } from "@callsheet/contract";
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
 * changes nothing but that.
 */
export async function endAttempts(
  store: Store,
  catalogue: Catalogue,
  attempts: readonly EndedAttempt[],
  random: () => number,
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
      return job ? stepsOf(attempt, job, versions.get(job.actionVersionId)!.definition.retry, random) : [];
    });
    const refused = attempts.filter(({ id }) => !live.has(id));
    const holders = attempts.filter(({ id }) => live.get(id)?.isHolder);
    for (const { id, token } of holders.filter(({ stillRuns }) => stillRuns))
      await tx.leaveRemnant(id, token, "overrun");
    const changed: Changed[] = [];
    // Remembered retries follow the failures they answer.
    for (const [event, changes] of grouped(steps)) changed.push(...(await tx.transition({ event, changes })));
    const over = [...holders, ...refused].filter(({ stillRuns }) => !stillRuns);
    const { granted, pools } = await free(over.map(({ id, token }) => ({ jobId: id, token })));
    return { changed: [...changed, ...granted], pools, refused: refused.map(({ id }) => id) };
  });
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

type Step = { readonly event: JobEvent; readonly change: Change };

function stepsOf(attempt: EndedAttempt, job: LiveAttempt, policy: RetryPolicy, random: () => number): readonly Step[] {
  const { state, retries, crashes, intent } = job;
  const steps = decideEnding({ state, retries, crashes, retryAsked: intent === 1, policy }, attempt.ending, random());
  return steps.map((step) => ({ event: step.event, change: changeOf(attempt, step) }));
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
  const ordered = [
    ...steps.filter((step) => step.event !== "retry"),
    ...steps.filter((step) => step.event === "retry"),
  ];
  for (const { event, change } of ordered) events.set(event, [...(events.get(event) ?? []), change]);
  return events;
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
