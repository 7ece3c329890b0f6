import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aCrew } from "./crew.ts";

test("a group is as far as its members: those that ended, and what those that run say of themselves", async () => {
  const crew = await aCrew();
  const { cs, stage, work } = crew;
  const job = await crew.createGroup(4);
  await work({ slots: 2 });
  const [first, second] = [await stage.nth(1), await stage.nth(2)];
  expect((await crew.group(job)).percent).toBe(0);
  first.context.progress(50);
  const percentIs = (percent: number) =>
    until(async () => (await crew.group(job)).percent === percent || undefined, { what: `${percent} percent` });
  await percentIs(12.5);
  second.context.progress(100);
  await percentIs(37.5);
  expect((await cs.groups.list({ action: crew.name })).map(({ percent }) => percent)).toEqual([37.5]);
  // What ended says no more of itself.
  first.returns();
  await percentIs(50);
  stage.clear();
  expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
  expect((await crew.group(job)).percent).toBe(100);
});
