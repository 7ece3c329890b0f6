import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";

const UNKNOWN = "01890000-0000-7000-8000-000000000000";

describe("waiting for a job", () => {
  test("answers the settled job, to everybody who waits", async () => {
    const { cs, create, stage, work } = await aFloor();
    const job = await create();
    const waits = Array.from({ length: 50 }, () => cs.jobs.wait(job));
    await work();
    (await stage.nth(1)).returns({ frames: 25 });
    for (const settled of await Promise.all(waits))
      expect(settled).toMatchObject({ id: job.id, state: "completed", result: { frames: 25 } });
  });

  test("of a job that is settled already answers at once, without any node", async () => {
    const { cs, create } = await aFloor();
    const job = await create();
    await cs.jobs.cancel(job);
    expect((await cs.jobs.wait(job)).state).toBe("cancelled");
    expect((await cs.jobs.wait(job, { timeoutMs: 10_000 })).state).toBe("cancelled");
  });

  test("sees what another process settled", async () => {
    const { cs, create, database } = await aFloor();
    const job = await create();
    const elsewhere = await database.open();
    const waiting = cs.jobs.wait(job);
    await elsewhere.jobs.cancel(job);
    expect((await waiting).state).toBe("cancelled");
    await elsewhere.close();
  });

  test("asks the database once for many jobs, not once for each", async () => {
    const { cs, name, database } = await aFloor({}, { alone: true });
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: 100 }, () => ({})),
    );
    const waits = jobs.map((job) => cs.jobs.wait(job));
    const before = await transactions(database);
    await until(async () => (await transactions(database)) > before);
    for (const job of jobs) await cs.jobs.cancel(job);
    for (const settled of await Promise.all(waits)) expect(settled.state).toBe("cancelled");
    // Each cancel is a transaction or two; a look for each job in each round would be thousands more.
    expect((await transactions(database)) - before).toBeLessThan(500);
  });

  test("gives up when its time is over, and the job goes on", async () => {
    const { cs, create, stage, work } = await aFloor();
    const job = await create();
    const error = await refusal(() => cs.jobs.wait(job, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: "wait_timeout", details: { id: job.id, timeoutMs: 20 } });
    await work();
    (await stage.nth(1)).returns();
    expect((await cs.jobs.wait(job)).state).toBe("completed");
  });

  test("gives up when it is told to, with the reason that was given", async () => {
    const { cs, create } = await aFloor();
    const job = await create();
    const controller = new AbortController();
    const waiting = cs.jobs.wait(job, { signal: controller.signal });
    controller.abort(new Error("the user went home"));
    await expect(waiting).rejects.toThrow("the user went home");
    await expect(cs.jobs.wait(job, { signal: controller.signal })).rejects.toThrow("the user went home");
  });

  test("for a job that does not exist is refused", async () => {
    const { cs } = await aFloor();
    expect(await refusal(() => cs.jobs.wait(UNKNOWN))).toMatchObject({
      code: "job_not_found",
      details: { id: UNKNOWN },
    });
  });

  test("ends when Callsheet is closed, and is refused afterwards", async () => {
    const { cs, create } = await aFloor();
    const job = await create();
    const waiting = refusal(() => cs.jobs.wait(job));
    await cs.close();
    expect(await waiting).toMatchObject({ code: "stopped" });
    expect(await refusal(() => cs.jobs.wait(job))).toMatchObject({ code: "stopped" });
  });

  test.each([-1, Number.NaN, "100", null])("for %s milliseconds is refused", async (timeoutMs) => {
    const { cs } = await aFloor();
    const wait = () => cs.jobs.wait(UNKNOWN, { timeoutMs: timeoutMs as number });
    expect(await refusal(wait)).toMatchObject({ code: "invalid_argument", details: { field: "timeoutMs" } });
  });
});

async function transactions(database: { db: { query: (statement: never) => Promise<{ rows: readonly object[] }> } }) {
  const statement = {
    text: "select pg_stat_clear_snapshot(), xact_commit::int as n from pg_stat_database where datname = current_database()",
    values: [],
  };
  const { rows } = await database.db.query(statement as never);
  return (rows[0] as { n: number }).n;
}
