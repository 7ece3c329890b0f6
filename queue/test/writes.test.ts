import { until } from "@callsheet/core/testing";
import { expect, test } from "vitest";
import { aDatabase, aQueue } from "./fixtures/bench.ts";

const TABLES = ["job", "outcome", "work", "claim", "event", "queue_event", "progress", "variable", "log_line"] as const;

test("a job that is added and completed leaves one row of its question and one of its answer", async () => {
  const { db } = await aDatabase();
  const rows = async () => {
    const counts = TABLES.map((table) => `(select count(*)::int from callsheet.${table}) as ${table}`);
    const found = await db.query<Record<string, number>>({ text: `select ${counts.join(", ")}`, values: [] });
    return found.rows[0]!;
  };
  const queue = await aQueue({ concurrency: 10 });
  let done = 0;
  await queue.process(async () => "done");
  queue.on("completed", () => {
    done += 1;
  });
  await queue.addJob(Array.from({ length: 200 }, (_, n) => queue.createJob({ n, name: `job ${n}`, retryMax: 1 })));
  await until(() => done === 200, { what: "All jobs" });
  const none = { work: 0, claim: 0, event: 0, queue_event: 0, progress: 0, variable: 0, log_line: 0 };
  expect(await rows()).toEqual({ ...none, job: 200, outcome: 200 });
});
