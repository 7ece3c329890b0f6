import { INVARIANTS, type Invariant, JOB_STATES } from "@callsheet/contract";
import { describe, expect, onTestFinished, test } from "vitest";
import { aJob, aNode, expectSound, type JobPlan, openTestDatabase, until } from "../../src/testing/index.ts";
import { poolOf } from "../admission/holdings.ts";
import { aFloor, aFloorWith, refusal } from "../fixtures/floor.ts";
import { GROUP_DAMAGES } from "../groups/damages.ts";

const RETRY = { limit: 1, delayMs: 1, jitter: 0 };

describe("a system at work", () => {
  test("is sound at every moment, and told how much was looked at", async () => {
    const { cs, database, name, create } = await aFloorWith(
      async ({ configuration, attempt }) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (configuration.fails === true && attempt === 1) throw new Error("once");
      },
      { needs: { gpu: 1 }, lock: "exclusive", retry: RETRY },
      { alone: true, slots: 6 },
    );
    await cs.resources.put("gpu", { capacity: 3 });
    const inputs = Array.from({ length: 120 }, (_, n) => ({
      configuration: { fails: n % 5 === 0 },
      target: { type: "asset", id: `A-${n % 7}` },
    }));
    await cs.jobs.createMany(name, inputs);
    await create({ startAt: null });
    const isOver = async () => (await cs.jobs.count()).completed === 120;
    let looks = 0;
    for (; !(await isOver()); looks++) await expectSound(database);
    expect(looks).toBeGreaterThan(3);
    const last = await cs.verify();
    expect(last).toMatchObject({ isSound: true, counts: {}, findings: [], at: expect.any(Date) });
    expect(last.checked).toMatchObject({ jobs: 121, nodes: 1, pools: 1, claims: 0, objects: 0 });
    expect(last.checked.lines).toBeGreaterThan(240);
  });

  test("with jobs in line is sound, and one that is held, cancelled, amended or put off as well", async () => {
    const { cs, database, create, stage, work } = await aFloor(
      { lock: "exclusive", cancellable: "abandon" },
      { alone: true },
    );
    const target = { type: "asset", id: "A-17" };
    const [first, second, third] = [await create({ target }), await create({ target }), await create({ target })];
    const [held, late] = [await create(), await create({ startAt: new Date(Date.now() + 60_000) })];
    await cs.jobs.hold(held);
    await cs.jobs.amend(late, { changed: true });
    await cs.jobs.unschedule(late);
    await work({ slots: 4 });
    await stage.nth(1);
    await until(async () => (await cs.jobs.count()).waiting_for_lock === 2);
    expect((await expectSound(database)).checked).toMatchObject({ objects: 1 });
    // Its attempt goes on, and keeps the object.
    await cs.jobs.cancel(first);
    expect((await expectSound(database)).checked).toMatchObject({ objects: 1 });
    stage.clear();
    for (const job of [second, third]) await cs.jobs.wait(job);
    expect((await expectSound(database)).checked).toMatchObject({ jobs: 5, objects: 0 });
  });

  test("is walked over in parts, and what is done meanwhile is not seen", async () => {
    const { cs, create, name } = await aFloor({}, { alone: true });
    await cs.jobs.createMany(
      name,
      Array.from({ length: 2_100 }, () => ({})),
    );
    const seen: (readonly [number, number])[] = [];
    const creating: Promise<unknown>[] = [];
    const onProgress = (jobs: number, of: number) => {
      seen.push([jobs, of]);
      creating.push(create());
    };
    expect(await cs.verify({ onProgress })).toMatchObject({ isSound: true, checked: { jobs: 2_100 } });
    await Promise.all(creating);
    expect(seen.filter(([jobs]) => jobs > 0)).toEqual([
      [1_000, 2_100],
      [2_000, 2_100],
      [2_100, 2_100],
    ]);
  });
});

const LOCKS = `update callsheet.job set locks = '[{"key": "asset/a", "mode": "exclusive"}]' where id = $1`;
const TICKET =
  "insert into callsheet.object (key) values ('asset/a') on conflict do nothing; insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)";
const STRANGER = "'01890000-0000-7000-8000-00000000dead'";

/** A timed action that came to two instants, both passed over. */
const TIMED = `
  insert into callsheet.timed_action (name, job_id, definition, mark, ruled_at, actor) values ('t', $1, '{"name": "t", "rule": {"kind": "interval",
    "everyMs": 60000, "from": "aligned"}, "timeZone": "UTC", "dst": {"missing": "next", "doubled": "first"}, "exclusions": [], "jitterMs": 0}',
    '2026-06-01 12:02+00', '2026-06-01 12:00+00', 'test');
  insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason)
  select t.id, 'rule', n, 0, n, 1, (n || '+00')::timestamptz, (n || '+00')::timestamptz, 'skipped', 'stopped'
  from callsheet.timed_action t, unnest(array['2026-06-01T12:01:00', '2026-06-01T12:02:00']) n`;

/** What is done to the rows of a job that was sound, and what the look finds then. `$1` is the job. */
const DAMAGES: readonly (readonly [string, Invariant, JobPlan, string])[] = [
  ["a line is lost", "I01", { state: "timed_out" }, "update callsheet.event set seq = 4 where job_id = $1 and seq = 3"],
  ["a row counts its lines otherwise", "I01", {}, "update callsheet.work set seq = 5 where job_id = $1"],
  [
    "a state is changed by hand",
    "I01",
    { state: "paused" },
    "update callsheet.work set state = 'pending', due_at = now() where job_id = $1",
  ],
  [
    "a line begins elsewhere",
    "I02",
    { state: "paused" },
    "update callsheet.event set from_state = 'pending' where job_id = $1 and seq = 2",
  ],
  [
    "a line tells a step that there is not",
    "I03",
    { state: "paused" },
    "update callsheet.event set event = 'block' where job_id = $1 and seq = 2",
  ],
  [
    "a completed job is cancelled",
    "I05",
    { state: "completed" },
    `
    insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via)
      select job_id, ended_at, token, 2, node_id, 1, 'complete', 'pending', 'completed', '{running}' from callsheet.outcome where job_id = $1;
    update callsheet.outcome set state = 'cancelled', from_state = 'completed', event = 'cancel', via = '{}', seq = 3 where job_id = $1`,
  ],
  [
    "a line has another attempt's token",
    "I06",
    { state: "timed_out" },
    "update callsheet.event set token = token - 1 where job_id = $1 and seq = 3",
  ],
  [
    "a live job's token is of the past",
    "I06",
    { state: "timed_out" },
    "update callsheet.work set token = 0 where job_id = $1",
  ],
  [
    "an attempt is counted twice",
    "I07",
    { state: "retrying" },
    "update callsheet.work set attempt = 2 where job_id = $1",
  ],
  [
    "a live job's node is unknown",
    "I09",
    { state: "running" },
    "update callsheet.work set node_id = 999999 where job_id = $1",
  ],
  [
    "a live job has no node, and its work goes on nowhere",
    "I09",
    { state: "running" },
    "update callsheet.work set node_id = null where job_id = $1",
  ],
  [
    "a job's work goes on elsewhere, and on a node",
    "I09",
    { state: "timed_out" },
    `insert into callsheet.elsewhere (job_id, token, attempt, since)
      select job_id, token, attempt, now() from callsheet.work where job_id = $1`,
  ],
  [
    "a job runs where its code is not",
    "I10",
    { state: "running" },
    "update callsheet.node set types = '[]' where id = (select node_id from callsheet.work where job_id = $1)",
  ],
  [
    "a job was started before its time",
    "I11",
    { state: "completed" },
    "update callsheet.job set start_at = now() + interval '1 hour' where id = $1",
  ],
  [
    "a job goes on with its rollback owed",
    "I16",
    {},
    "update callsheet.work set rollback = 'required' where job_id = $1",
  ],
  [
    "a waiting job holds an object",
    "I23",
    {},
    `${TICKET} select 'asset/a', 1, id, lane_id, 'exclusive', true, 5, now() from callsheet.job where id = $1`,
  ],
  ["a live job lost its object", "I24", { state: "running" }, LOCKS],
  ["a member of a claim lost its object", "I24", { state: "running", as: "member" }, LOCKS],
  ["a job that waits for a lock stands in no line", "I25", { state: "waiting_for_lock" }, LOCKS],
  [
    "a job stands in line and does not wait",
    "I25",
    {},
    `${TICKET} select 'asset/a', 1, id, lane_id, 'exclusive', false, null, now() from callsheet.job where id = $1`,
  ],
  [
    "a job waits for what is free",
    "I26",
    { state: "waiting_for_lock" },
    `${LOCKS}; ${TICKET} select 'asset/a', 1, id, lane_id, 'exclusive', false, null, now() from callsheet.job where id = $1`,
  ],
  [
    "units are held by an attempt that has ended",
    "I31",
    {},
    `
    insert into callsheet.grant_of_units (token, job_id, pool_id, units) select 5, $1, id, 1 from callsheet.pool;
    update callsheet.pool set used = used + 1`,
  ],
  [
    "a job started on a node that had ended",
    "I34",
    { state: "running", as: "member" },
    "update callsheet.node set state = 'dead', ended_at = now() - interval '1 hour' where id = (select node_id from callsheet.claim)",
  ],
  [
    "a job is over, and what it did is not undone",
    "I52",
    { state: "failed" },
    `insert into callsheet.undo_entry (job_id, attempt, n, name, data, state, at) values ($1, 1, 1, 'file', '{}', 'intent', now())`,
  ],
  ["a job is lost", "S01", {}, "delete from callsheet.work where job_id = $1"],
  [
    "a job stands in a claim and waits",
    "S01",
    {},
    `
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids)
    select nextval('callsheet.token_number'), max(id), now(), 0, 1, '0', array[$1::uuid] from callsheet.node`,
  ],
  ["the state has another parent", "S05", {}, `update callsheet.work set parent_id = ${STRANGER} where job_id = $1`],
  ["the state has another rank", "S05", {}, "update callsheet.work set rank = 5 where job_id = $1"],
  ["a replaced configuration is gone", "S06", {}, "update callsheet.job set configuration_version = 2 where id = $1"],
];

/** The same of rows that belong to no job. */
const OTHER_DAMAGES: readonly (readonly [string, Invariant, string, string])[] = [
  [
    "two hold one object",
    "I20",
    "object asset/b",
    `
    insert into callsheet.object (key) values ('asset/b');
    insert into callsheet.remnant (token, job_id, node_id, at, event)
      select n, ${STRANGER}, (select max(id) from callsheet.node), now(), 'remove' from generate_series(1, 2) n;
    insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)
      select 'asset/b', n, ${STRANGER}, (select max(id) from callsheet.lane), 'exclusive', true, n, now() from generate_series(1, 2) n`,
  ],
  [
    "an outcome of no job",
    "S02",
    "table outcome",
    `
    insert into callsheet.outcome (job_id, ended_at, xid, seq, attempt, retries, state, from_state, rollback, crashes, queued)
    values (${STRANGER}, now(), 1, 2, 0, 0, 'cancelled', 'pending', 'none', 0, false)`,
  ],
  [
    "a member of a claim that is no job",
    "S02",
    "table claim",
    `
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids)
    select nextval('callsheet.token_number'), max(id), now(), 0, 1, '0', array[${STRANGER}::uuid] from callsheet.node`,
  ],
  ["a pool with more used than held", "S03", "pool gpu of cluster", "update callsheet.pool set used = used + 1"],
  [
    "a claim that counts wrongly",
    "S04",
    "claim 900",
    `
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids)
    select 900, max(id), now(), 0, 2, '1', array[${STRANGER}::uuid] from callsheet.node`,
  ],
  [
    "a collection that contains itself",
    "S07",
    "collection a",
    `
    alter table callsheet.collection_member drop constraint member_is_another;
    insert into callsheet.collection (id, name, actor) values (${STRANGER}, 'a', 'somebody');
    insert into callsheet.collection_member (collection_id, child_id) values (${STRANGER}, ${STRANGER})`,
  ],
  [
    "an instant told by itself and among others",
    "I46",
    "timed action t",
    `${TIMED}; update callsheet.timed_action set mark = '2026-06-01 12:02:30+00';
    update callsheet.occurrence set until_nominal = '2026-06-01T12:02:30', until_instant = '2026-06-01 12:02:30+00' where nominal like '%12:01:00'`,
  ],
  [
    "an instant of which nothing is told",
    "I47",
    "timed action t",
    `${TIMED}; delete from callsheet.occurrence where nominal like '%12:01:00'`,
  ],
  [
    "a mark that went back",
    "I48",
    "timed action t",
    `${TIMED}; update callsheet.timed_action set mark = '2026-06-01 12:01+00'`,
  ],
  [
    "two occurrences under way",
    "I49",
    "timed action t",
    `${TIMED}; drop index callsheet.occurrence_open; update callsheet.occurrence set kind = 'fired', at = instant, fired_at = instant`,
  ],
  [
    "an occurrence before its time",
    "I50",
    "timed action t",
    `${TIMED}; update callsheet.occurrence set kind = 'fired', fired_at = instant - interval '1 second', ended_at = now() where nominal like '%12:01:00'`,
  ],
];

/** A small sound system with a job as it is planned; `spoil` runs statements on it, in which `$1` is that job. */
async function aSystem(plan: JobPlan = {}) {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  await poolOf(database, "gpu", 2);
  await aNode(database);
  const { id } = await aJob(database, plan);
  await expectSound(database);
  const spoil = async (text: string) => {
    for (const statement of text.split(";"))
      await database.db.query({ text: statement.replaceAll("$1", `'${id}'`), values: [] });
    return (await database.open()).verify();
  };
  return { id, database, spoil };
}

describe("a system that somebody damaged", () => {
  test("is sound before: a job in each state", async () => {
    const { database } = await aSystem({ state: "running", as: "member" });
    // Only tasks are skipped.
    for (const state of JOB_STATES) await aJob(database, { state, kind: state === "skipped" ? "task" : "job" });
    expect((await expectSound(database)).checked).toMatchObject({ jobs: JOB_STATES.length + 1, claims: 1, pools: 1 });
  });

  test.each(DAMAGES)("is found so: %s", async (_, invariant, plan, text) => {
    const { id, spoil } = await aSystem(plan);
    const { isSound, counts, findings } = await spoil(text);
    expect({ isSound, found: Object.keys(counts) }).toEqual({ isSound: false, found: [invariant] });
    expect(new Set(findings.map(({ jobId }) => jobId))).toEqual(new Set([id]));
  });

  test.each(OTHER_DAMAGES)("is found so: %s", async (_, invariant, of, text) => {
    const { spoil } = await aSystem();
    const { counts, findings } = await spoil(text);
    expect(counts).toEqual({ [invariant]: 1 });
    expect(findings).toMatchObject([{ invariant, of, jobId: null }]);
  });

  test("has a damage for each invariant", () => {
    const all = new Set([...DAMAGES, ...OTHER_DAMAGES, ...GROUP_DAMAGES].map(([, invariant]) => invariant));
    expect([...all].sort()).toEqual(Object.keys(INVARIANTS).sort());
  });

  test("is sound with a timed action", async () => {
    const { spoil } = await aSystem();
    expect(await spoil(TIMED)).toMatchObject({ isSound: true, checked: { timedActions: 1 } });
  });

  test("is counted whole, and told in part", async () => {
    const { database, spoil } = await aSystem();
    for (let n = 0; n < 4; n++) await aJob(database);
    await spoil("delete from callsheet.work");
    const cs = await database.open();
    const { counts, findings } = await cs.verify({ most: 2 });
    expect([counts, findings.length]).toEqual([{ S01: 5 }, 2]);
    expect((await refusal(() => cs.verify({ most: -1 }))).code).toBe("invalid_argument");
    await expect(expectSound(database)).rejects.toThrow(/S01 job .*: It stands nowhere: it is lost\./);
  });
});
