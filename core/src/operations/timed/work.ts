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

/** A group does it, which is made afterwards: the job has an attempt that lives there, and ends with it. No node has a part in it. */
const GROUP_OF_MEMBERS: OccurrenceWork = {
  begin: async (tx, id, data) => {
    await JOB_ITSELF.begin(tx, id, data);
    await tx.transition({ event: "start", from: ["pending"], changes: [{ id, to: "running" }] });
    const { token } = (await tx.lockJob(id))!;
    await tx.enterElsewhere({ id, token: token!, handle: NO_GROUP_YET, ...UNTENDED });
    return [];
  },
};

const NO_GROUP_YET = JSON.stringify({ group: null });
/** It is neither polled nor watched: its members are. */
const UNTENDED = { everyMs: null, stallMs: null, extendMs: null };

/** What works on an occurrence of this timed action. */
export function workOf({ byMembers }: LockedTimed): OccurrenceWork {
  return byMembers ? GROUP_OF_MEMBERS : JOB_ITSELF;
}
