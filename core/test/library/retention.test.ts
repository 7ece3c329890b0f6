import { JOB_STATES, SETTLED } from "@callsheet/contract";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import { JOB_TABLES } from "../../src/store/remove-jobs.ts";
import { aJob, type ManualClock, openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { refusal } from "../fixtures/floor.ts";

const DAY_MS = 86_400_000;

async function aPlace(): Promise<{ database: TestDatabase; cs: Callsheet; clock: ManualClock }> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const clock = await database.stopClock();
  return { database, cs: await database.open(), clock };
}

const left = async (cs: Callsheet) => new Set((await cs.jobs.list({ limit: 1_000 })).map(({ id }) => id));
const run = (database: TestDatabase, text: string) => database.db.query<Record<string, unknown>>({ text, values: [] });

describe("a rule of retention", () => {
  test("is put, replaced, listed with who put it, and removed", async () => {
    const { cs } = await aPlace();
    expect(await cs.retention.list()).toEqual([]);
    await cs.as("ada", "disks are dear").retention.put({}, { keepMs: 90 * DAY_MS });
    await cs.retention.put({ state: "failed", type: "test" }, { keepMs: null });
    const again = await cs.as("bob").retention.put({}, { keepMs: 30 * DAY_MS });
    expect(again).toMatchObject({ state: null, type: null, keepMs: 30 * DAY_MS, actor: "bob", reason: null });
    expect((await cs.retention.list()).map(({ state, keepMs }) => [state, keepMs])).toEqual([
      [null, 30 * DAY_MS],
      ["failed", null],
    ]);
    await cs.retention.remove({});
    expect(await cs.retention.list()).toHaveLength(1);
    expect((await refusal(() => cs.retention.remove({}))).code).toBe("unknown_retention");
  });

  test.each([
    [{}, 0],
    [{}, 59_999],
    [{}, 1.5 * DAY_MS + 0.5],
    [{}, "90d"],
    [{ state: "running" }, DAY_MS],
    [{ type: "" }, DAY_MS],
    [{ action: "x" }, DAY_MS],
  ])("%j for %j ms is refused", async (target, keepMs) => {
    const { cs } = await aPlace();
    const put = () => cs.retention.put(target as never, { keepMs: keepMs as never });
    expect((await refusal(put)).code).toBe("invalid_argument");
    expect(await cs.retention.list()).toEqual([]);
  });
});

describe("a run of retention", () => {
  test("without a rule deletes nothing, however old", async () => {
    const { database, cs, clock } = await aPlace();
    await aJob(database, { state: "completed" });
    await clock.advance(10_000 * DAY_MS);
    expect(await cs.retention.run()).toMatchObject({ jobs: 0, expired: [], isDryRun: false });
    expect(await left(cs)).toHaveProperty("size", 1);
  });

  test("deletes by the most exact rule of each job, as a dry run has said", async () => {
    const { database, cs, clock } = await aPlace();
    const of = async (state: (typeof SETTLED)[number], type: string) =>
      (await aJob(database, { state, action: { name: type, type } })).id;
    const kept = [await of("failed", "proof"), await of("completed", "probe"), await of("failed", "probe")];
    const gone = [await of("completed", "proof"), await of("cancelled", "proof")];
    await cs.retention.put({}, { keepMs: 30 * DAY_MS });
    await cs.retention.put({ type: "probe" }, { keepMs: 60 * DAY_MS });
    await cs.retention.put({ state: "failed" }, { keepMs: 50 * DAY_MS });
    await cs.retention.put({ state: "completed", type: "probe" }, { keepMs: null });
    await clock.advance(40 * DAY_MS);
    const young = await of("completed", "proof");

    const dry = await cs.retention.run({ isDryRun: true });
    expect(await left(cs)).toEqual(new Set([...kept, ...gone, young]));
    const done = await cs.retention.run();
    expect(done).toMatchObject({ jobs: 2, isDryRun: false });
    expect(done.expired).toEqual(expect.arrayContaining([{ state: "completed", type: "proof", jobs: 1 }]));
    expect([...done.expired].sort((a, b) => a.state.localeCompare(b.state))).toEqual(
      [...dry.expired].sort((a, b) => a.state.localeCompare(b.state)),
    );
    expect(await left(cs)).toEqual(new Set([...kept, young]));
    await clock.advance(21 * DAY_MS);
    await cs.retention.run();
    // Failed probes by their type, 60 days, and not by their state; completed ones never.
    expect(await left(cs)).toEqual(new Set([kept[1], young]));
  });

  test("goes through any number of jobs, and leaves those behind it that are kept longer", async () => {
    const { database, cs, clock } = await aPlace();
    await aJob(database, { state: "failed" });
    await run(
      database,
      `insert into callsheet.job select (json_populate_record(j, json_build_object('id', gen_random_uuid()))).*
       from callsheet.job j, generate_series(1, 2000)`,
    );
    await run(
      database,
      `insert into callsheet.outcome
       select (json_populate_record(o, json_build_object('job_id', j.id,
         'state', case when row_number() over () % 2 = 0 then 'completed' else 'failed' end))).*
       from callsheet.outcome o, callsheet.job j where j.id <> o.job_id`,
    );
    await cs.retention.put({ state: "completed" }, { keepMs: DAY_MS });
    await clock.advance(2 * DAY_MS);
    expect(await cs.retention.run()).toMatchObject({ jobs: 1_000 });
    expect(await cs.jobs.count()).toMatchObject({ completed: 0, failed: 1_001 });
  });

  test("takes all that is stored of a job with it, and nothing of others", async () => {
    const { database, cs, clock } = await aPlace();
    const [old, other] = [await aJob(database, { state: "failed" }), await aJob(database, { state: "cancelled" })];
    for (const { id } of [old, other]) {
      await run(database, `insert into callsheet.variable values ('${id}', 'v', '1')`);
      await run(database, `insert into callsheet.log_line values ('${id}', 1, 1, now(), 'info', 'line')`);
      await run(database, `insert into callsheet.configuration values ('${id}', 1, '{}', '{}', now(), 'ada')`);
    }
    const before = await rowsOf(database, other.id);
    expect(Object.keys(before).length).toBeGreaterThan(4);
    await cs.retention.put({ state: "failed" }, { keepMs: DAY_MS });
    await clock.advance(2 * DAY_MS);
    await cs.retention.run();
    expect(await rowsOf(database, old.id)).toEqual({});
    expect(await rowsOf(database, other.id)).toEqual(before);
    expect((await refusal(() => cs.jobs.get(old.id))).code).toBe("job_not_found");
  });

  test("leaves what is under way, and what something refers to", async () => {
    const { database, cs, clock } = await aPlace();
    const place = async (plan: Parameters<typeof aJob>[1]) => (await aJob(database, plan)).id;
    const kept: string[] = [];
    for (const state of JOB_STATES) if (!SETTLED.includes(state as never)) kept.push(await place({ state }));
    for (const rollback of ["required", "running", "failed"] as const)
      kept.push(await place({ state: "failed", rollback }));
    kept.push(await place({ state: "completed", kind: "timed" }));
    const [abandoned, inLine] = [await place({ state: "cancelled" }), await place({ state: "cancelled" })];
    await run(database, `insert into callsheet.remnant values (1, '${abandoned}', 1, now(), 'abandon')`);
    await run(
      database,
      `insert into callsheet.ticket values ('asset/1', 1, '${inLine}', 1, 'shared', true, false, 1, now())`,
    );
    const open = await place({ kind: "group", state: "pending" });
    const member = await place({ state: "completed", parentId: open });
    kept.push(abandoned, inLine, open, member);
    const over = await place({ kind: "group", state: "completed" });
    const itsMember = await place({ state: "completed", parentId: over });
    const undone = await place({ state: "failed", rollback: "done" });

    await cs.retention.put({}, { keepMs: DAY_MS });
    await clock.advance(30 * DAY_MS);
    await cs.retention.run();
    // Members go first, then what they were members of.
    expect(await left(cs)).toEqual(new Set([...kept, over]));
    await cs.retention.run();
    expect(await left(cs)).toEqual(new Set(kept));
    expect([itsMember, undone].some((id) => kept.includes(id))).toBe(false);
  });

  test("does not wait for a job that somebody is about to retry, and leaves it", async () => {
    const { database, cs, clock } = await aPlace();
    const { id } = await aJob(database, { state: "failed" });
    await cs.retention.put({}, { keepMs: DAY_MS });
    await clock.advance(2 * DAY_MS);
    await database.db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.outcome where job_id = $1 for update", values: [id] });
      expect(await cs.retention.run()).toMatchObject({ jobs: 0 });
    });
    expect(await cs.jobs.retry(id)).toBe("pending");
    expect(await cs.retention.run()).toMatchObject({ jobs: 0 });
    expect(await cs.jobs.get(id)).toMatchObject({ state: "pending" });
  });

  test("is a duty of nodes, without anybody's asking", async () => {
    const database = await openTestDatabase();
    onTestFinished(() => database.close());
    const cs = await database.open({ environment: fastEnvironment() });
    const { id } = await aJob(database, { state: "failed" });
    await run(database, "update callsheet.outcome set ended_at = now() - interval '2 days'");
    await cs.retention.put({}, { keepMs: DAY_MS });
    await cs.work({ name: "keeps house", types: [(await import("../fixtures/floor.ts")).aType(() => null, "other")] });
    await until(async () => !(await left(cs)).has(id), { deadlineMs: 20_000, what: "The end of the old job" });
  });
});

/** How many rows each table holds of a job; those without any are absent. */
async function rowsOf(database: TestDatabase, id: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table, column } of await tablesOfJobs(database)) {
    const { rows } = await run(database, `select count(*)::int as n from callsheet.${table} where ${column} = '${id}'`);
    if (rows[0]!.n !== 0) counts[table] = rows[0]!.n as number;
  }
  return counts;
}

async function tablesOfJobs(database: TestDatabase): Promise<readonly { table: string; column: string }[]> {
  const { rows } = await run(
    database,
    `select t.relname as table, a.attname as column from pg_class t join pg_attribute a on a.attrelid = t.oid
     where t.relnamespace = 'callsheet'::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
       and (a.attname = 'job_id' or (t.relname, a.attname) = ('job', 'id')) order by 1`,
  );
  return rows as never;
}

test("every table that says something of a job is known to retention", async () => {
  const { database } = await aPlace();
  const tables = (await tablesOfJobs(database)).map(({ table }) => table);
  // Held by attempts, and given back before their jobs are settled; or told to others after the job is gone.
  const others = ["object", "ticket", "grant_of_units", "remnant", "queue_event"];
  // Deleted with it, which goes by no rule.
  const timed = ["timed_action"];
  expect(tables.sort()).toEqual([...JOB_TABLES, "event", "job", ...others, ...timed].sort());
});
