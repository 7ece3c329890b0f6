import { linesOf, readDay, simulate } from "@callsheet/contract";
import { expect, test } from "vitest";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

const BEFORE = new Date("2020-01-01T00:00:00Z");
const AFTER = new Date("2100-01-01T00:00:00Z");

test("a recorded day has the jobs that ended, with their times and needs, the nodes, the resources and limits", async () => {
  const { database, cs, create, stage, work, name } = await aFloor({}, { alone: true });
  const pool = (values: string) =>
    database.db.query({
      text: `insert into callsheet.pool (name, scope, capacity, base, tags, windows) values ${values}`,
      values: [],
    });
  const window = { from: "22:00", to: "06:00", days: ["mon"], timeZone: "UTC", capacity: 9 };
  await pool(
    `('transcode', 'cluster', 4, 5, '{gpu}', '[${JSON.stringify(window)}]'), ('disk', 'site/london', 2, 2, '{}', '[]')`,
  );
  await pool(`('gpu', 'node/one', 1, 1, '{}', '[]'), ('proxy', 'action', 3, 3, '{}', '[]')`);
  await work({ slots: 3 });
  const job = await create({ size: 7, tags: ["a"], owner: "ada", priority: "high" });
  const failed = await create();
  const [first, second] = [await stage.nth(1), await stage.nth(2)];
  const waiting = await create({ startAt: AFTER });
  first.returns();
  second.throws(new Error("It ran all the same."));
  await cs.jobs.wait(job);
  await inState(cs, failed, "failed");
  expect(await inState(cs, waiting, "scheduled")).toBeDefined();

  const day = await cs.recordDay({ from: BEFORE, until: AFTER });
  const { startedAt, startAt, endedAt } = await cs.jobs.get(job);
  // A claim that was under way when the job was created began before it.
  const at = new Date(Math.min(startAt!.getTime(), startedAt!.getTime()));
  expect(day.jobs).toHaveLength(2);
  expect(day.jobs[0]).toEqual({
    ...{ action: name, owner: "ada", priority: "high", site: "default", queue: "default", needs: {}, locks: [] },
    ...{ size: 7, tags: ["a"], at, durationMs: expect.closeTo(endedAt!.getTime() - startedAt!.getTime(), -1) },
  });
  expect(day.nodes).toEqual([{ name, site: "default", slots: 3 }]);
  expect(day.resources).toEqual([
    { name: "transcode", capacity: 5, tags: ["gpu"], windows: [window] },
    { name: "gpu", capacity: 1, node: "one", tags: [], windows: [] },
    { name: "disk", capacity: 2, site: "london", tags: [], windows: [] },
  ]);
  expect(day.limits).toEqual([{ scope: "action", name: "proxy", running: 3 }]);
  // What is written of it is read as the same, and can be replayed.
  expect(readDay(JSON.parse(JSON.stringify(linesOf(day))))).toEqual(day);
  expect(simulate(day)).toMatchObject({ jobs: 2, neverStarted: [] });
});

test("a day has the jobs that ended in it, however many pages they are", async () => {
  const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
  stage.clear();
  await work();
  const jobs = await Promise.all(Array.from({ length: 7 }, () => create()));
  for (const job of jobs) await cs.jobs.wait(job);
  const ends = (await Promise.all(jobs.map((job) => cs.jobs.get(job)))).map(({ endedAt }) => endedAt!.getTime());
  const latest = new Date(Math.max(...ends));
  const { store } = database;
  const pages: string[] = [];
  for (
    let page = await store.endedJobs({ from: BEFORE, until: AFTER, after: undefined, limit: 2 });
    page.length > 0;
  ) {
    pages.push(...page.map(({ id }) => id));
    page = await store.endedJobs({ from: BEFORE, until: AFTER, after: page.at(-1), limit: 2 });
  }
  expect(pages.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  const before = await cs.recordDay({ from: BEFORE, until: latest });
  expect(before.jobs).toHaveLength(ends.filter((end) => end < latest.getTime()).length);
  const none = await cs.recordDay({ from: BEFORE, until: new Date("2020-01-02") });
  expect(none).toMatchObject({ jobs: [], nodes: [] });
});

test("a stretch of time that is none is refused", async () => {
  const { cs } = await aFloor();
  const invalid = [
    { from: AFTER, until: BEFORE },
    { from: new Date(Number.NaN), until: AFTER },
    { from: "2020" as unknown as Date, until: AFTER },
  ];
  for (const span of invalid)
    expect(await refusal(() => cs.recordDay(span))).toMatchObject({ code: "invalid_argument" });
});
