import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Claimed } from "../../src/store/claim.ts";
import { openTestDatabase } from "../../src/testing/index.ts";
import { aDispatcher } from "./dispatcher.ts";
import { checkRest } from "./holdings.ts";

test("who puts a kept object into quarantine waits for whoever is at work on the claim of its holder", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const here = await aDispatcher(database, "here", database.store, { keepsFrom: 1 });
  onTestFinished(() => here.close());
  const target = { type: "asset", id: "a" };
  const keeper = async () => {
    const text = "select keeper_id as id from callsheet.object where key = 'asset/a'";
    return (await database.db.query<{ id: number | null }>({ text, values: [] })).rows[0]?.id ?? null;
  };
  let job: Claimed | undefined;
  while (!job?.isKept) {
    if (job) await here.complete(job);
    await cs.jobs.create("edit", { target });
    [job] = await here.claim();
  }
  let quarantined: Promise<unknown> | undefined;
  await database.db.transaction(async (tx) => {
    await tx.query({ text: "select from callsheet.claim for update", values: [] });
    quarantined = cs.locks.quarantine(target, "to be looked at");
    await pause(200);
    expect(await keeper()).toBe(here.nodeId);
  });
  await quarantined;
  expect(await keeper()).toBeNull();
  expect(await cs.locks.get("asset/a")).toMatchObject({
    holders: [{ jobId: job.id, fencing: job.token }],
    quarantine: { reason: "to be looked at" },
  });
  await here.complete(job);
  await cs.jobs.create("edit", { target });
  expect(await here.claim()).toEqual([]);
  await cs.locks.release(target);
  await here.complete((await here.claim())[0]!);
  await checkRest(database);
});
