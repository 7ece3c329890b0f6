import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

describe("a server that takes no writes for a while, as one that has become a standby", () => {
  test("is left for a new connection again and again, until one may write: nothing is lost or done twice", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    const run = (text: string) => database.db.query({ text, values: [] });
    const renew = () =>
      run(`select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name <> 'callsheet test' and backend_type = 'client backend'`);
    const node = await work();
    const job = await create();
    const { returns } = await stage.nth(1);
    const [later] = [await create({ startAt: new Date(Date.now() + 3_600_000) })];
    await run(`alter database ${database.name} set default_transaction_read_only = on`);
    await renew();
    expect((await refusal(() => cs.jobs.hold(later))).code).toBe("database_lost");
    returns("done");
    await run(`alter database ${database.name} set default_transaction_read_only = off`);
    await inState(cs, job, "completed", 20_000);
    await until(async () => (await cs.jobs.hold(later).catch(() => undefined)) === "paused");
    const next = await create();
    (await stage.nth(2)).returns();
    expect(await cs.jobs.wait(next)).toMatchObject({ state: "completed", attempt: 1 });
    expect(node.refused).toBe(0);
  });
});
