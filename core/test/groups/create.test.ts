import { expect, test } from "vitest";
import { aCrew, groupIn } from "./crew.ts";

test("a group job has a job for each member, all of one start time, and settles when the last of them has ended", async () => {
  const crew = await aCrew();
  const { cs, stage, work } = crew;
  const job = await crew.createGroup(3);
  expect(await crew.group(job)).toMatchObject({ state: "queued", memberCount: 3, isSettled: false, isClosed: true });
  const members = await cs.jobs.list({ parentId: job.id });
  expect(members.map(({ target, kind }) => [target?.id, kind])).toEqual([
    ["3-3", "job"],
    ["3-2", "job"],
    ["3-1", "job"],
  ]);
  expect(new Set(members.map(({ startAt }) => startAt?.getTime())).size).toBe(1);
  await work();
  await stage.nth(3);
  expect(await groupIn(crew, job, "running")).toMatchObject({ counts: { live: 3, waiting: 0 } });
  stage.clear();
  expect(await cs.jobs.wait(job)).toMatchObject({ kind: "group", state: "completed" });
  expect(await crew.group(job)).toMatchObject({ state: "completed", isSettled: true, counts: { good: 3 }, percent: 100 });
  expect((await cs.jobs.history(job)).map(({ event }) => event)).toEqual(["create", "begun", "settled"]);
});
