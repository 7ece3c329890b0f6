import { expect, test } from "vitest";
import type { Claimed } from "../../src/store/claim.ts";
import type { Line } from "../../src/store/database.ts";
import { anchorMembers, type Completion, completeMembers } from "../../src/store/finish.ts";
import { lockAttempts } from "../../src/store/jobs.ts";
import { transition } from "../../src/store/transition.ts";
import { aNode } from "../../src/testing/index.ts";
import { analyse } from "../store/fill.ts";
import { otherIndexes, plansOf, statementsOf, type Where, wholeScans } from "../store/plan.ts";
import { readsWithin } from "../store/reads.ts";
import { aCrew, type Crew } from "./crew.ts";

const SIZE = 6_000;
/** Tables with a row for each member. */
const MEMBERS = ["job", "work", "outcome", "event_rest"];
/** So many of them run; all others have completed. */
const RUNNING = 20;

/** A large group of which the last members run in a claim, but for one that has a row of its own; beside another one that waits. */
async function aGroupAtItsEnd({ database, name, createGroup }: Crew) {
  const { store } = database;
  const { id } = await createGroup(SIZE);
  await createGroup(SIZE);
  const nodeId = await aNode(database, undefined, { types: [{ type: name, version: 1, schema: {} }] });
  const lanes = [{ id: (await store.readGroup(id))!.laneId }];
  const line = await store.openHotPath("finish-plans");
  const take = async (want: number) => (await line.claim({ nodeId, lanes, want, hasMembers: true })).jobs;
  for (let left = SIZE - RUNNING; left > 0; ) {
    const taken = await take(Math.min(left, 500));
    await line.complete([completionOf(taken, taken)]);
    left -= taken.length;
  }
  const [alone, ...together] = (await take(RUNNING)).toSorted((a, b) => a.ordinal - b.ordinal);
  await line.close();
  await store.transaction((tx) => tx.anchorMembers(alone!.token, [alone!.id]));
  await database.db.query({
    text: "insert into callsheet.object (key) select 'asset/' || n from generate_series(1, 5000) n",
    values: [],
  });
  await analyse(database);
  return { id, alone: alone!, together };
}

const completionOf = (claim: readonly Claimed[], ended: readonly Claimed[]): Completion => ({
  ...{ token: claim[0]!.token, size: claim.length, ordinals: ended.map(({ ordinal }) => ordinal) },
  ...{ results: ended.map(() => null), offsets: ended.map(() => 0) },
});

interface End {
  readonly what: string;
  readonly on: Where;
  readonly act: (line: Line) => Promise<unknown>;
  /** How many members end, or are given a row. */
  readonly count: number;
}

test("no way in which members end reads others of their group, however many there are, nor does its end", async () => {
  const crew = await aCrew();
  const { id, alone, together } = await aGroupAtItsEnd(crew);
  const claim = [alone, ...together];
  const few = together.slice(0, 3);
  const ids = few.map(({ id: member }) => member);
  const complete = (ended: readonly Claimed[]) => (line: Line) => completeMembers(line, [completionOf(claim, ended)]);
  const move =
    (event: "fail" | "complete" | "back_off" | "overrun", to: "failed" | "completed" | "retrying" | "timed_out") =>
    async (line: Line) => {
      await lockAttempts(line, [alone]);
      await transition(line, { event, changes: [{ id: alone.id, to, token: alone.token }] });
    };
  const ends: readonly End[] = [
    { what: "some of a claim", on: "hot", act: complete(few), count: few.length },
    { what: "all that are left of a claim", on: "hot", act: complete(together), count: together.length },
    { what: "being given rows", on: "pool", act: (line) => anchorMembers(line, alone.token, ids), count: ids.length },
    { what: "a failure", on: "pool", act: move("fail", "failed"), count: 1 },
    { what: "a completion by itself", on: "pool", act: move("complete", "completed"), count: 1 },
    { what: "another try", on: "pool", act: move("back_off", "retrying"), count: 1 },
    { what: "an overrun", on: "pool", act: move("overrun", "timed_out"), count: 1 },
    {
      what: "the last members, with which the group settles",
      on: "pool",
      act: async (line) => {
        await complete(together)(line);
        await move("fail", "failed")(line);
      },
      count: RUNNING,
    },
  ];
  for (const { what, on, act, count } of ends) {
    const statements = await statementsOf(act, { count, accepted: null });
    const plans = await plansOf(crew.database, statements, on);
    expect(plans.flatMap(wholeScans), what).toEqual([]);
    expect(plans.flatMap(otherIndexes), what).toEqual([]);
    const reads = await readsWithin(crew.database, statements, on);
    const ofMembers = reads.filter(({ table }) => MEMBERS.includes(table));
    // Each is locked, read, deleted or changed, some of it twice.
    const beyond = ofMembers.filter(({ wholeScans, rows }) => wholeScans > 0 || rows > 10 * count);
    expect(beyond, what).toEqual([]);
    expect(reads, what).toContainEqual(expect.objectContaining({ table: "composite" }));
  }
  expect(await crew.group({ id })).toMatchObject({ counts: { live: RUNNING, good: SIZE - RUNNING } });
});
