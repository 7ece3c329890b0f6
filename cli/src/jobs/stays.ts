import type { HistoryEntry, JobState } from "@callsheet/contract";
import { statesOf } from "../history-line.ts";

/** A step of a job's history: a state that it came to, or something that happened while it stood in it. */
export interface Stay {
  readonly state: JobState;
  /** Null when the history does not tell. */
  readonly at: Date | null;
  /** How long it stood in that state; null when it still does, or that is not told, or nothing changed. */
  readonly forMs: number | null;
  /** The line that told it. */
  readonly entry: HistoryEntry;
  readonly isChange: boolean;
}

/** A job's history as the states that it stood in, with how long. */
export function staysOf(history: readonly HistoryEntry[]): readonly Stay[] {
  const steps = history.flatMap((entry) => {
    if (entry.from === entry.to && entry.via.length === 0) {
      return [{ state: entry.to, at: entry.at, entry, isChange: false }];
    }
    return statesOf(entry).map((passed) => ({ ...passed, entry, isChange: true }));
  });
  return steps.map((step, index) => ({ ...step, forMs: step.isChange ? stayed(steps, index) : null }));
}

function stayed(steps: readonly Pick<Stay, "at" | "isChange">[], index: number): number | null {
  const next = steps.slice(index + 1).find(({ isChange }) => isChange);
  const [from, to] = [steps[index]!.at, next?.at ?? null];
  return from === null || to === null ? null : Math.max(0, to.getTime() - from.getTime());
}
