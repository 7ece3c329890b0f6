import type { ActionInput, Resolver, TimedInput } from "@callsheet/contract";
import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aChild } from "../fixtures/child.ts";
import { inState, refusal } from "../fixtures/floor.ts";
import { aCrew, type Crew, crews } from "../groups/crew.ts";
import { MINUTE, NOON, tells } from "./floor.ts";

type Fields = Parameters<typeof aCrew>[0];
type Options = Parameters<typeof aCrew>[1];

const FLAGS: ActionInput["flags"] = ["groupMember", "timed"];
const DAILY: TimedInput["rule"] = { kind: "daily", at: ["00:00"] };

/** A timed action named `t` over a crew of so many, due every minute by a clock that stands still. */
async function aTimedCrew(size: number, fields: Fields = {}, options: Options = {}) {
  const crew = await aCrew({ flags: FLAGS, ...fields }, { alone: true, ...options });
  const clock = await crew.database.stopClock();
  await clock.set(NOON);
  const rule = { kind: "interval", everyMs: MINUTE } as const;
  const job = { target: { type: "crew", id: String(size) } };
  const { jobId } = await crew.cs.timed.create({ name: "t", action: crew.name, rule, job });
  const at = (minute: number) => clock.set(new Date(NOON.getTime() + minute * MINUTE));
  return { ...crew, jobId, at };
}

/** The group of the last occurrence that has one. */
function groupOf({ cs }: Pick<Crew, "cs">, except: readonly string[] = []): Promise<string> {
  const find = async () => {
    const told = await cs.timed.occurrences("t");
    return told.flatMap(({ groupId }) => (groupId === null || except.includes(groupId) ? [] : [groupId]))[0];
  };
  return until(find, { what: "A group of an occurrence" });
}

test("an occurrence over a collection is a group's work: its job runs until that has settled, and waits for the next", async () => {
  const crew = await aTimedCrew(2, { lock: "exclusive" });
  const { cs, stage, jobId, at, work } = crew;
  await cs.timed.start("t");
  await work();
  await at(1);
  await stage.nth(2);
  const first = await groupOf(crew);
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "running", kind: "timed", locks: [] });
  expect(await cs.jobs.get(first)).toMatchObject({ kind: "group", origin: "timed", state: "running" });
  const members = await cs.jobs.list({ parentId: first });
  expect(members.map(({ target }) => target!.id).sort()).toEqual(["2-1", "2-2"]);
  await at(2);
  await tells(cs, "12:01:00 fired", "12:02:00 skipped overlap");
  for (const one of stage.entered) one.returns();
  await tells(cs, "12:01:00 completed", "12:02:00 skipped overlap");
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled" });
  await at(3);
  const last = await stage.nth(4);
  const second = await groupOf(crew, [first]);
  stage.entered[2]!.returns();
  last.returns();
  await tells(cs, "12:01:00 completed", "12:02:00 skipped overlap", "12:03:00 completed");
  expect((await cs.groups.list()).map(({ id, state }) => [id, state])).toEqual([
    [second, "completed"],
    [first, "completed"],
  ]);
  const lines = await cs.jobs.history(jobId);
  expect(lines.flatMap(({ event, data }) => (event === "elsewhere" ? [data] : []))).toEqual([
    { handle: { group: first } },
    { handle: { group: second } },
  ]);
});

test("it fails with its group, once its members' own retries are used up, and none of it is done again", async () => {
  const { cs, stage, jobId, at, work } = await aTimedCrew(2, { retry: { limit: 1, delayMs: 0 } });
  await cs.timed.start("t");
  await work();
  await at(1);
  (await stage.nth(2)).throws(new Error("broken"));
  stage.entered[0]!.returns();
  (await stage.nth(3)).throws(new Error("broken"));
  await tells(cs, "12:01:00 failed");
  const [occurrence] = await cs.timed.occurrences("t");
  expect(occurrence!.outcome).toMatchObject({ error: { code: "group_failed" }, retries: 0, attempt: 1 });
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled" });
  expect(stage.entered).toHaveLength(3);
});

test("one that fired and whose process died before its group was made has one group, whoever makes it", async () => {
  const crew = await aTimedCrew(3);
  const { cs, database, name, stage, jobId } = crew;
  // Nothing works here: it fires, and that is all.
  await cs.timed.runNow("t");
  await cs.close();
  stage.clear();
  const others = await Promise.all([1, 2, 3].map(() => database.open({ resolvers: [crews] })));
  await Promise.all(others.map((other, n) => other.work({ name: `${name}-${n}`, types: [stage.type], slots: 2 })));
  const [one] = others;
  await tells(one!, "by hand completed");
  expect(await one!.groups.list()).toHaveLength(1);
  expect(await one!.jobs.list({ parentId: await groupOf({ cs: one! }) })).toHaveLength(3);
  expect(await one!.jobs.get(jobId)).toMatchObject({ state: "completed", result: { good: 3, cancelled: 0 } });
  await Promise.all(others.map((other) => other.close()));
});

test("a process that does not know the members of a target leaves the making to one that does", async () => {
  const bands: Resolver = { ...crews, type: "band" };
  const { cs, database, name, stage } = await aTimedCrew(1);
  const target = { type: "band", id: "2" };
  const knowing = await database.open({ resolvers: [bands] });
  await knowing.timed.create({ name: "unknown-here", action: name, rule: DAILY, job: { target } });
  await cs.timed.update("unknown-here", { description: "changed by who does not know" });
  await knowing.timed.runNow("unknown-here");
  stage.clear();
  await cs.work({ name, types: [stage.type] });
  await cs.timed.runNow("t");
  // The other was due before it, and was looked at as well.
  await tells(cs, "by hand completed");
  expect(await cs.timed.occurrences("unknown-here")).toMatchObject([{ groupId: null, outcome: null }]);
  await knowing.work({ name: `${name}-knowing`, types: [stage.type] });
  await until(async () => (await cs.timed.get("unknown-here")).lastOutcome?.state === "completed");
  await knowing.close();
});

test("a large group whose making broke off is completed, each member once", async () => {
  let isBroken = true;
  const broken: Resolver = {
    ...crews,
    async *members(id) {
      let n = 0;
      for await (const member of crews.members!(id)) {
        if (++n === 5_100 && isBroken) {
          isBroken = false;
          throw new Error("the catalogue is away");
        }
        yield member;
      }
    },
  };
  const crew = await aTimedCrew(5_200, {}, { resolvers: [broken] });
  const { cs, stage, work, troubles } = crew;
  stage.clear();
  await cs.timed.runNow("t");
  await work({ slots: 50 });
  await tells(cs, "by hand completed");
  expect(troubles.map(({ where }) => where)).toContain("occasions");
  expect(await cs.groups.get(await groupOf(crew))).toMatchObject({ memberCount: 5_200, counts: { good: 5_200 } });
});

test("one whose process is killed while it makes a large group has one group, with each member once", async () => {
  const { cs, database, name, stage, work } = await aCrew({ flags: FLAGS }, { alone: true });
  const job = { target: { type: "crew", id: "5200" } };
  await cs.timed.create({ name: "t", action: name, rule: DAILY, job });
  await cs.timed.runNow("t");
  const child = aChild("stuck-crew.mjs", { TEST_URL: database.url });
  await child.says("stuck");
  await until(async () => (await cs.groups.list({ isClosed: false })).length === 1, { what: "An open group" });
  child.process.kill("SIGKILL");
  expect(await child.ended).toBe("SIGKILL");
  stage.clear();
  await work({ slots: 50 });
  await until(async () => (await cs.timed.get("t")).lastOutcome?.state === "completed", { deadlineMs: 60_000 });
  const groups = await cs.groups.list();
  expect(groups).toMatchObject([{ memberCount: 5_200, counts: { good: 5_200 }, isSettled: true }]);
  expect(await cs.timed.occurrences("t")).toMatchObject([{ groupId: groups[0]!.id }]);
}, 120_000);

test("over a collection that is empty when it is due it has failed, and waits for the next", async () => {
  const { cs, jobId, at, work } = await aTimedCrew(0);
  await cs.timed.start("t");
  await work();
  await at(1);
  await tells(cs, "12:01:00 failed");
  const [occurrence] = await cs.timed.occurrences("t");
  expect(occurrence).toMatchObject({ groupId: null, outcome: { error: { code: "empty_group" } } });
  expect(await cs.jobs.get(jobId)).toMatchObject({ state: "scheduled" });
  expect(await cs.groups.list()).toEqual([]);
});

test("stop lets its group end; one that was cancelled has failed, and only its timed action runs another", async () => {
  const crew = await aTimedCrew(2);
  const { cs, stage, jobId, at, work } = crew;
  await cs.timed.start("t");
  await at(1);
  await work({ slots: 1 });
  await stage.nth(1);
  await cs.timed.stop("t");
  const group = await groupOf(crew);
  await cs.groups.cancel(group);
  expect(await refusal(() => cs.timed.runNow("t"))).toMatchObject({ code: "timed_action_busy" });
  stage.clear();
  await tells(cs, "12:01:00 failed");
  expect(await inState(cs, jobId, "failed")).toMatchObject({ error: { code: "group_cancelled" } });
  expect(await refusal(() => cs.jobs.retry(jobId))).toMatchObject({ code: "wrong_state" });
  await cs.timed.runNow("t");
  await tells(cs, "12:01:00 failed", "by hand completed");
  expect(await cs.groups.get(await groupOf(crew, [group]))).toMatchObject({ state: "completed" });
});

test("an action that takes a group as a whole runs as the one job; one that takes none is refused", async () => {
  const { cs, stage, jobId, work } = await aTimedCrew(2, { flags: ["group", "timed"] });
  await work();
  await cs.timed.runNow("t");
  const { context } = await stage.nth(1);
  expect(context.job).toMatchObject({ id: jobId });
  expect(context.target).toMatchObject({ type: "crew", id: "2" });
  expect(await cs.groups.list()).toEqual([]);
  expect(await refusal(() => aTimedCrew(2, { flags: ["timed"] }))).toMatchObject({ code: "group_not_offered" });
});
