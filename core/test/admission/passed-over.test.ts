import type { JobInput } from "@callsheet/contract";
import { expect, test } from "vitest";
import { aNode } from "../../src/testing/index.ts";
import { aClaimer } from "./claimer.ts";

test("a job of the queue that waits for its object hides no pending one that comes before it", async () => {
  let now = 0;
  const { cs, store, completeHere, create, claim } = await aClaimer({ keeps: { from: 1 }, monotonic: () => now });
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const own = (priority: JobInput["priority"]) => create("edit", priority, "own");
  const start = async () => {
    for (let looks = 0; looks < 4; looks++) {
      now += 30;
      const [job] = (await claim()).jobs;
      if (job) return job;
    }
    return undefined;
  };
  await own("high");
  let running = await start();
  while (!running?.isKept) {
    await completeHere(running!);
    await own("high");
    running = await start();
  }
  const [pending, queued] = [await own("normal"), await own("low")];
  await store.transaction((tx) => tx.admitJobs([{ id: queued, turn: 1 }]));
  expect(await start()).toBe(undefined);
  for (const id of [queued, pending]) {
    await completeHere(running);
    running = (await start())!;
    expect(running?.id).toBe(id);
  }
});

test.each(["before", "after"])(
  "a job that another node was looking at is found, though nothing is heard of it, and those behind it started: the other kept objects %s that",
  async (when) => {
    const { cs, database, store, keeping, completeHere, create, claim } = await aClaimer({ keeps: { from: 1 } });
    await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
    const start = async (asset: string) => {
      const id = await create("edit", "normal", asset);
      const [job] = (await claim()).jobs;
      expect(job?.id).toBe(id);
      await completeHere(job!);
      return job!;
    };
    await start("theirs");
    const there = await aNode(database, "there");
    const keepThere = async () => {
      await store.openKeeper(there);
      const text = "update callsheet.object set keeper_id = $1, token = 1, job_id = null where key = 'asset/theirs'";
      await database.db.query({ text, values: [there] });
      await keeping.lookAround();
    };
    while (!(await start("own")).isKept);
    if (when === "before") await keepThere();
    const passed = await create("edit", "normal", "own");
    await database.db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.work where job_id = $1 for update", values: [passed] });
      keeping.lookAtAll();
      await start("other");
      if (when === "after") await keepThere();
      let answer = await claim();
      while (answer.mayHoldMore) answer = await claim();
      expect(answer).toMatchObject({ jobs: [], againMs: expect.any(Number) });
    });
    const found: string[] = [];
    for (let looks = 0; found.length === 0 && looks < 4; looks++)
      found.push(...(await claim()).jobs.map(({ id }) => id));
    expect(found).toEqual([passed]);
  },
);
