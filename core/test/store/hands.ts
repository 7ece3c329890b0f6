import type { ActionInput } from "@callsheet/contract";
import { lane } from "../../src/operations/needs.ts";
import { addRow, type NewJob, noRows } from "../../src/store/create.ts";
import { laneKey } from "../../src/store/dictionary.ts";
import type { Statements } from "../../src/store/store.ts";
import { anAction, type TestDatabase } from "../../src/testing/index.ts";

let count = 0;

/** A UUIDv7-like id that sorts by when it was made here. */
export function anId(): string {
  count += 1;
  return `00000000-0000-7000-8000-${count.toString(16).padStart(12, "0")}`;
}

/** An action with a lane of its own, and what creation is told of it. */
export async function aLane(database: TestDatabase, fields: Partial<ActionInput> = {}) {
  count += 1;
  const { store } = database;
  const action = await anAction(database, { name: `action-${count}`, ...fields });
  const ownerId = await store.ownerId("somebody");
  const { requires, needs } = action.definition;
  const { id: laneId } = await store.findLane(laneKey(action, lane({ capabilities: requires, units: needs })), ownerId);
  const defaults = { actionId: action.actionId, actionVersionId: action.id, ownerId, laneId, rank: 3 };
  return { action, laneId, defaults: { ...defaults, kind: "job", origin: "library" } as const };
}
export type Lane = Awaited<ReturnType<typeof aLane>>;

/** Creates jobs by one statement; answers what it answered. */
export async function create(store: Pick<Statements, "createJobs">, lane: Lane, jobs: readonly NewJob[]) {
  const rows = noRows();
  for (const job of jobs) addRow(rows, job);
  const answered = await store.createJobs(rows, lane.defaults);
  return answered.rows.map(({ id }) => id);
}

/** Creates as many pending jobs; answers their ids in the order of creation. */
export async function createMany(database: TestDatabase, lane: Lane, howMany: number): Promise<readonly string[]> {
  const jobs = Array.from({ length: howMany }, () => ({ id: anId(), configuration: "{}" }));
  await create(database.store, lane, jobs);
  return jobs.map(({ id }) => id);
}
