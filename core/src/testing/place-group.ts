import { CLASS_OF_STATE, countMembers, type JobState } from "@callsheet/contract";
import { systemEnvironment } from "../engine/environment.ts";
import { aJob, type JobPlan, type PlacedJob } from "./place-job.ts";
import { insertRow, removeWork } from "./store/rows.ts";
import type { TestDatabase } from "./test-database.ts";

/** A group that was placed, with its members in the order of their plans. */
export interface PlacedGroup {
  readonly id: string;
  readonly members: readonly PlacedJob[];
}

const { newId } = systemEnvironment();
const HAS_BEGUN: ReadonlySet<string> = new Set(["live", "overdue", "good", "bad"]);

/** Puts a group with members in any states where they stand, counted as they are. It is open until it is closed. */
export async function aGroup(database: TestDatabase, plans: readonly JobPlan[]): Promise<PlacedGroup> {
  const { db } = database;
  const id = newId();
  const members: PlacedJob[] = [];
  for (const plan of plans) members.push(await aJob(database, { ...plan, parentId: id }));
  const head = await aJob(database, { id, state: "pending", kind: "group", target: { type: "crew", id } });
  await removeWork(db, head.id);
  const states = plans.map(({ state = "pending", rollback }): { state: JobState; isRollingBack: boolean } => ({
    state,
    isRollingBack: rollback === "required" || rollback === "running",
  }));
  const { rollingBack, ...counts } = countMembers(states);
  await insertRow(db, "composite", {
    ...{ job_id: id, kind: "group", ...counts, rolling: rollingBack },
    later: counts.waiting - counts.due - counts.unplanned,
    begun: states.some(({ state }) => HAS_BEGUN.has(CLASS_OF_STATE[state])),
    ...{ has_failed: counts.bad > 0, has_overrun: counts.overdue > 0, line_state: "pending", seq: 1, generation: 1 },
    ...{ intent: "none", closed: false, settled: false, state: "created", removed: 0 },
  });
  return { id, members };
}
