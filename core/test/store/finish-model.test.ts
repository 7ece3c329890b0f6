import { checkHistory, type JobState } from "@callsheet/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Claimed } from "../../src/store/claim.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode } from "../../src/testing/index.ts";
import { aLane, createMany, type Lane } from "./hands.ts";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();
const RUNS = Number(process.env.CALLSHEET_RUNS ?? 40);

/** What is done to some members of a claim at once. Places are drawn from 0 and taken modulo the claim's size. */
type Act = { readonly kind: "complete" | "anchor" | "complete_row" | "fail_row"; readonly places: readonly number[] };
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom("complete", "complete", "anchor", "complete_row", "fail_row"),
  places: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 12 }),
});

/** Where the model says that a member stands. */
type Place = "member" | "row" | "completed" | "failed";
interface Round {
  readonly hot: HotPath;
  readonly jobs: readonly Claimed[];
  readonly places: Place[];
}

async function perform({ hot, jobs, places }: Round, { kind, places: drawn }: Act): Promise<void> {
  const { store } = file.get();
  const chosen = [...new Set(drawn.map((place) => place % jobs.length))];
  const { token } = jobs[0]!;
  if (kind === "complete") {
    const ordinals = chosen.map((place) => place + 1);
    const results = ordinals.map((ordinal) => `{"ordinal":${ordinal}}`);
    const [refused] = await hot.complete([
      { token, size: jobs.length, ordinals, results, offsets: ordinals.map(() => 0) },
    ]);
    const expected = ordinals.filter((ordinal) => places[ordinal - 1] !== "member");
    expect([...refused!].sort(ascending)).toEqual(expected.sort(ascending));
    for (const place of chosen) if (places[place] === "member") places[place] = "completed";
    return;
  }
  const ids = chosen.map((place) => jobs[place]!.id);
  if (kind === "anchor") {
    const anchored = await store.anchorMembers(token, ids);
    const expected = chosen.filter((place) => places[place] === "member").map((place) => jobs[place]!.id);
    expect([...anchored].sort()).toEqual(expected.sort());
    for (const place of chosen) if (places[place] === "member") places[place] = "row";
    return;
  }
  const [event, to] = kind === "complete_row" ? (["complete", "completed"] as const) : (["fail", "failed"] as const);
  const changed = await store.transition({ event, changes: ids.map((id) => ({ id, token, to })) });
  const expected = chosen.filter((place) => places[place] === "row").map((place) => jobs[place]!.id);
  expect(changed.map(({ id }) => id).sort()).toEqual(expected.sort());
  for (const place of chosen) if (places[place] === "row") places[place] = to;
}

const ascending = (a: number, b: number) => a - b;
const STATE: Record<Place, JobState> = { member: "running", row: "running", completed: "completed", failed: "failed" };

async function expectAsModelled({ jobs, places }: Round): Promise<void> {
  const { store, db } = file.get();
  const { rows } = await db.query<{ open: number; ended: string; ids: string[] }>({
    text: "select open, ended::text, ids from callsheet.claim where token = $1",
    values: [jobs[0]!.token],
  });
  const left = places.filter((place) => place === "member").length;
  if (left === 0) expect(rows).toEqual([]);
  else {
    const ended = places.map((place) => (place === "member" ? "0" : "1")).join("");
    expect(rows).toEqual([{ open: left, ended, ids: jobs.map(({ id }) => id) }]);
  }
  const ids = jobs.map(({ id }) => id);
  const found = new Map((await store.readJobs(ids)).map((job) => [job.id, job]));
  const history = await store.readHistory(ids);
  const lines = grouped(history);
  for (const [place, id] of ids.entries()) {
    expect(found.get(id)?.state).toBe(STATE[places[place]!]);
    expect(checkHistory(lines.get(id)!)).toEqual([]);
  }
}

function grouped<Line extends { readonly jobId: string }>(history: readonly Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of history) groups.set(line.jobId, [...(groups.get(line.jobId) ?? []), line]);
  return groups;
}

async function claimed(hot: HotPath, nodeId: number, lane: Lane, size: number): Promise<readonly Claimed[]> {
  await createMany(file.get(), lane, size);
  const { jobs } = await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: size });
  expect(jobs).toHaveLength(size);
  return [...jobs].sort((a, b) => a.ordinal - b.ordinal);
}

test(
  "however the members of a claim end, its row, their rows and their histories agree with the model",
  async () => {
    const hot = await file.get().store.openHotPath("model");
    const nodeId = await aNode(file.get());
    const lane = await aLane(file.get());
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 31 }),
        fc.array(act, { minLength: 1, maxLength: 12 }),
        async (size, acts) => {
          const jobs = await claimed(hot, nodeId, lane, size);
          const round: Round = { hot, jobs, places: jobs.map(() => "member") };
          for (const one of acts) {
            await perform(round, one);
            await expectAsModelled(round);
          }
        },
      ),
      { numRuns: RUNS },
    );
    await hot.close();
  },
  RUNS * 2_000,
);
