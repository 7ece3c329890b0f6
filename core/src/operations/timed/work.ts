import type { Statements } from "../../store/store.ts";
import type { LockedTimed } from "../../store/timed.ts";
import type { Changed } from "../../store/transition.ts";

/** How an occurrence of a timed action is worked on. */
export interface OccurrenceWork {
  /** Begins it: its job is scheduled, and its row locked. `data`: JSON text for the history. */
  begin(tx: Statements, jobId: string, data: string): Promise<readonly Changed[]>;
}

/** The job of the timed action does it itself: it becomes due. */
const JOB_ITSELF: OccurrenceWork = {
  begin: (tx, id, data) =>
    tx.transition({ event: "come_due", from: ["scheduled"], changes: [{ id, to: "pending", data }] }),
};

/** What works on an occurrence of this timed action. */
export function workOf(_timed: LockedTimed): OccurrenceWork {
  return JOB_ITSELF;
}
