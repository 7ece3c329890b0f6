import {
  checkHistory,
  type HistoryEntry,
  isLegal,
  JOB_EVENTS,
  JOB_STATES,
  type JobState,
  LIFECYCLE,
} from "@callsheet/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aJob, aNode, type PlacedJob, type TestDatabase } from "../../src/testing/index.ts";
import { databaseOfFile, rowsOf } from "./place.ts";

const file = databaseOfFile();
const WALKS = Number(process.env.CALLSHEET_WALKS ?? 40);
/** The lifecycle's steps that the statement `transition` makes, each with a target. */
const STEPS = JOB_EVENTS.filter((event) => event !== "create" && event !== "remove").flatMap((event) =>
  [...new Set([...LIFECYCLE[event].to, ...(event === "plan" ? (["paused"] as const) : [])])].map((to) => ({
    event,
    to,
  })),
);

interface Walker {
  readonly database: TestDatabase;
  readonly hot: HotPath;
  readonly nodeId: number;
  readonly job: PlacedJob;
}
type Step = { readonly name: string; readonly act: (walker: Walker, state: JobState) => Promise<unknown> };

/** What can be done to a job beside a transition. Each does nothing where it does not fit. */
const OTHERS: readonly Step[] = [
  {
    name: "admit",
    act: ({ database: { store }, job }) => store.transaction((tx) => tx.admitJobs([{ id: job.id, turn: 5 }])),
  },
  { name: "give way", act: ({ database: { store }, job }) => store.transaction((tx) => tx.giveWay([job.id])) },
  { name: "come due", act: ({ database: { store } }) => store.comeDue(1_000) },
  {
    name: "claim alone",
    act: ({ hot, nodeId, job }) => hot.claimLone({ nodeId, laneIds: [job.laneId], jobId: job.id }),
  },
  { name: "claim", act: ({ hot, nodeId, job }) => hot.claim({ nodeId, lanes: [{ id: job.laneId }], want: 5 }) },
  {
    name: "anchor",
    act: async ({ database: { store }, job }) => {
      const token = await store.claimHolding(job.id);
      if (token !== undefined) await store.anchorMembers(token, [job.id]);
      const row = (await rowsOf(file.get(), job.id)).work?.[0] as { token: number | null } | undefined;
      if (row?.token) await store.anchorRows(String(row.token), [job.id]);
    },
  },
  {
    name: "complete as a member",
    act: async ({ database: { store }, hot, job }) => {
      const token = await store.claimHolding(job.id);
      if (token !== undefined) await hot.complete([{ token, size: 1, ordinals: [1], results: [null], offsets: [0] }]);
    },
  },
  {
    name: "note",
    act: async ({ database: { store }, job }, state) => {
      if (state === "running" && (await store.claimHolding(job.id)) !== undefined) return;
      await store.transaction((tx) =>
        tx.note({ id: job.id, event: "amend", actor: "walker", reason: null, data: null }),
      );
    },
  },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(...OTHERS),
  fc.constantFrom(...STEPS).map(({ event, to }) => ({
    name: `${event} to ${to}`,
    act: async ({ database: { store }, job, nodeId }: Walker, state: JobState) => {
      const token = await store.claimHolding(job.id);
      if (token !== undefined) await store.anchorMembers(token, [job.id]);
      const change = { id: job.id, to, delayMs: 0, ...(event === "start" ? { nodeId } : {}) };
      const changed = await store.transaction((tx) => tx.transition({ event, changes: [change] }));
      expect(changed).toHaveLength(isLegal(event, state, to) ? 1 : 0);
    },
  })),
);

async function stateOf({ store }: TestDatabase, id: string): Promise<JobState> {
  const [job] = await store.readJobs([id]);
  return job!.state;
}

/** Answers the history, which must go on from what was told of it before. */
async function expectSound(
  database: TestDatabase,
  id: string,
  trail: readonly string[],
  before: readonly HistoryEntry[],
): Promise<readonly HistoryEntry[]> {
  const state = await stateOf(database, id);
  const history = await database.store.readHistory([id]);
  const told = `after ${trail.join(", ")}: ${JSON.stringify(history.map(({ event, from, via, to }) => [event, from, via, to]))}`;
  expect(checkHistory(history), told).toEqual([]);
  const rows = await rowsOf(database, id);
  const places = [rows.work, rows.outcome, rows.claim].map((all) => all?.length);
  expect(
    places.reduce((sum: number, count) => sum + count!, 0),
    told,
  ).toBe(1);
  // What no line tells yet is a step that the next line will name.
  const last = history.at(-1)!.to;
  if (last !== state) expect(["pending", "queued", "running"], told).toContain(state);
  // Append-only: a line that was told once is told for ever. The line of an outcome may come to hold the result as well.
  expect(history.slice(0, before.length), told).toMatchObject([...before]);
  return history;
}

test(
  "whatever happens to a job in whatever order, its history tells it without a gap",
  async () => {
    const database = file.get();
    const hot = await database.store.openHotPath("walk");
    const nodeId = await aNode(database);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...JOB_STATES),
        fc.array(step, { minLength: 3, maxLength: 14 }),
        async (state, steps) => {
          const past = state === "created" ? {} : { dueAt: new Date(0) };
          const job = await aJob(database, { state, nodeId, ...past });
          const trail: string[] = [`placed ${state}`];
          let history: readonly HistoryEntry[] = [];
          for (const { name, act } of steps) {
            const before = await stateOf(database, job.id);
            trail.push(name);
            await act({ database, hot, nodeId, job }, before);
            history = await expectSound(database, job.id, trail, history);
          }
          await database.store.transaction((tx) => tx.removeJobs([job.id]));
          await database.db.query({ text: "delete from callsheet.claim", values: [] });
        },
      ),
      {
        numRuns: WALKS,
        ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}),
      },
    );
    await hot.close();
  },
  WALKS * 2_000,
);
