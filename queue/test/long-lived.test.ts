import { expectSound, openTestDatabase, until } from "@callsheet/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { Queue } from "../src/index.ts";

const DAY_MS = 86_400_000;

test("of a job that repeats for ever, what lies back further than jobs of its queue are kept goes, a page at a time", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const queue = new Queue({ databaseUrl: database.url }, { name: "pulse" });
  const go = new AbortController();
  onTestFinished(async () => {
    go.abort();
    await queue.stop();
  });
  const begun: number[] = [];
  await queue.process(async ({ processCount }) => {
    begun.push(processCount);
    if (processCount === 5) await new Promise((resolve) => go.signal.addEventListener("abort", resolve));
    return `run ${processCount}`;
  });
  const [job] = await queue.addJob(queue.createJob({ repeat: true, repeatDelay: 0 }));
  await until(() => begun.includes(5), { what: "The fifth run" });
  const cs = await database.open();
  const rearms = (await cs.jobs.history(job!.id)).filter(({ event }) => event === "rearm");
  expect(rearms).toHaveLength(4);
  // The first three runs were long ago.
  await database.db.query({
    text: "update callsheet.event set at = at - interval '100 days' where job_id = $1 and seq <= $2",
    values: [job!.id, rearms[2]!.seq],
  });
  const before = await cs.jobs.history(job!.id);

  expect(await database.store.repeatingWithOld()).toEqual([]);
  await cs.retention.put({ state: "completed" }, { keepMs: 90 * DAY_MS });
  // Those that failed are kept for ever, and nobody knows which runs do.
  expect(await database.store.repeatingWithOld()).toEqual([]);
  await cs.retention.put({}, { keepMs: 90 * DAY_MS });
  const [old] = await database.store.repeatingWithOld();
  expect(old).toMatchObject({ jobId: job!.id });
  expect(await database.store.transaction((tx) => tx.forgetRuns(old!, 1))).toBeGreaterThan(0);
  await expectSound(database);
  await cs.retention.run();

  const [created, forgotten, ...rest] = await cs.jobs.history(job!.id);
  expect(created).toEqual(before[0]);
  const lines = rearms[2]!.seq - 1;
  expect(forgotten).toMatchObject({ event: "forget", seq: rearms[2]!.seq, attempt: 3, data: { lines } });
  expect(rest.slice(0, 2)).toEqual(before.slice(-rest.length).slice(0, 2));
  const [still] = await queue.getJob(job!.id);
  expect(still).toMatchObject({ status: "active", processCount: 5 });
  expect(still!.log.filter(({ data }) => /^run/.test(String(data))).map(({ data }) => data)).toEqual(["run 4"]);
  expect(await database.store.repeatingWithOld()).toEqual([]);

  go.abort();
  await until(() => begun.includes(7), { what: "Two runs more" });
  await expectSound(database);
});
