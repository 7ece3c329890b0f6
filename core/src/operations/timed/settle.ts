import type { EndingStep, OccurrenceOutcome, SettledState } from "@callsheet/contract";
import { SETTLED } from "@callsheet/contract";
import type { LiveAttempt } from "../../store/jobs.ts";
import type { Statements } from "../../store/store.ts";
import type { LockedTimed } from "../../store/timed.ts";
import type { Changed } from "../../store/transition.ts";
import { arm } from "./arm.ts";

/** The timed actions of attempts that are about to end, locked after their jobs; mostly there is none. */
export async function lockTimedOf(
  tx: Statements,
  attempts: readonly LiveAttempt[],
): Promise<ReadonlyMap<string, LockedTimed>> {
  const found = new Map<string, LockedTimed>();
  for (const { id } of attempts.filter(({ isTimed }) => isTimed)) {
    const timed = await tx.lockTimed(id);
    if (timed !== undefined) found.set(id, timed);
  }
  return found;
}

/**
 * What follows when an attempt of a timed action's job has ended, and its steps were made: the outcome of an occurrence that is
 * over is kept, and a job that was set up again waits for the next.
 */
export async function settleOccurrence(
  tx: Statements,
  timed: LockedTimed,
  { startedAt, attempt, retries }: Pick<LiveAttempt, "startedAt" | "attempt" | "retries">,
  steps: readonly EndingStep[],
): Promise<readonly Changed[]> {
  const end = steps.find(({ to }) => SETTLED.some((state) => state === to));
  if (end === undefined) return [];
  const outcome: Omit<OccurrenceOutcome, "endedAt"> = {
    ...{ state: end.to as SettledState, startedAt, attempt, retries, error: end.error ?? null },
  };
  await tx.endOccurrence(timed.id, outcome);
  return steps.some(({ event }) => event === "rearm") ? arm(tx, timed) : [];
}

/** The same where the job was set up again later, when what it had done was undone. */
export async function armAgain(
  tx: Statements,
  jobId: string,
  steps: readonly EndingStep[],
): Promise<readonly Changed[]> {
  if (!steps.some(({ event }) => event === "rearm")) return [];
  const timed = await tx.lockTimed(jobId);
  return timed === undefined ? [] : arm(tx, timed);
}
