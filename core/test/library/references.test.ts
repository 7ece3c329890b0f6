import { expect, onTestFinished, test } from "vitest";
import { REFERENCES } from "../../src/store/check/references.ts";
import { aGroup, aJob, aNode, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { poolOf } from "../admission/holdings.ts";

/** Rows of every table that names others: `$1` is a job, `$2` a node, `$3` a lane, `$4` a pool, `$5` an owner. */
const ROWS = `
  insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids, pool_ids, units)
    values (900, $2, now(), 0, 1, '0', array[$1::uuid], array[$4::int], array[1]);
  insert into callsheet.configuration (job_id, version, configuration, difference, at, actor) values ($1, 1, '{}', '{}', now(), 'test');
  insert into callsheet.progress (job_id, token, percent, at) values ($1, 900, 1, now());
  insert into callsheet.variable (job_id, name, value) values ($1, 'one', '1');
  insert into callsheet.log_line (job_id, attempt, n, at, level, message) values ($1, 1, 1, now(), 'info', 'one');
  insert into callsheet.undo_entry (job_id, attempt, n, name, data, state, at) values ($1, 1, 1, 'one', '1', 'undone', now());
  insert into callsheet.rollback (job_id, attempt, token, node_id, due_at, undoes, waits) values ($1, 1, 900, $2, now(), true, false);
  insert into callsheet.elsewhere (job_id, token, attempt, node_id) values ($1, 900, 1, $2);
  insert into callsheet.stall (job_id, token, since) values ($1, 900, now());
  insert into callsheet.secret_use (secret, event, version, job_id, node_id) values ('one', 'ask', 1, $1, $2);
  insert into callsheet.remnant (token, job_id, node_id, at, event) values (901, $1, $2, now(), 'remove');
  insert into callsheet.object (key, token, job_id, at) values ('asset/a', 900, $1, now());
  insert into callsheet.keeper (node_id) values ($2);
  insert into callsheet.object (key, token, keeper_id, at) values ('asset/b', 900, $2, now());
  update callsheet.lane set root_id = $1, host_id = $5;
  insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, at) values ('asset/a', 1, $1, $3, 'shared', false, now());
  insert into callsheet.grant_of_units (token, job_id, pool_id, units) values (900, $1, $4, 1);
  insert into callsheet.exclusion_calendar (name, description, time_zone, exclusions, actor) values ('one', '', 'UTC', '[]', 'test');
  insert into callsheet.timed_action (name, job_id, definition, mark, ruled_at, actor) values ('one', $1, '{"name": "one", "calendars": ["one"],
    "rule": {"kind": "interval", "everyMs": 60000, "from": "aligned"}, "timeZone": "UTC", "dst": {"missing": "next", "doubled": "first"},
    "exclusions": [], "jitterMs": 0}', now(), now(), 'test');
  insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason)
    select id, 'hand', '2026-06-01T12:01:00', 0, '2026-06-01T12:01:00', 1, now(), now(), 'skipped', 'stopped' from callsheet.timed_action`;

/** A system in which every reference that the checker looks at is made, and holds. */
async function aWeb(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  // The lines of history of two of them stand in both tables that have any.
  const { id, laneId } = await aJob(database, { state: "timed_out" });
  await aJob(database, { state: "completed" });
  await aGroup(database, [{ state: "pending" }]);
  const values = [
    `'${id}'`,
    await aNode(database),
    laneId,
    await poolOf(database, "gpu", 2),
    await database.store.ownerId("test"),
  ];
  for (const statement of ROWS.split(";"))
    await run(
      database,
      statement.replace(/\$(\d)/g, (_, n) => `${values[n - 1]}`),
    );
  return database;
}

const run = (database: TestDatabase, text: string) => database.db.query({ text, values: [] });

/** What `verify` says of rows that name what is not there. */
async function danglingIn(database: TestDatabase): Promise<readonly string[]> {
  const { findings } = await (await database.open()).verify({ most: 1_000 });
  const told = findings.filter(({ invariant }) => invariant === "S02");
  return [...new Set(told.map(({ of, message }) => `${of}: ${message.replace(/^.* as its /, "")}`))].sort();
}

test("rows that name what is there are not found", async () => {
  expect(await danglingIn(await aWeb())).toEqual([]);
});

test.each([...new Set(REFERENCES.map(({ target }) => target))])(
  "whatever names a row of %s that is gone is found, in each table",
  async (target) => {
    const database = await aWeb();
    await run(database, `delete from callsheet.${target}`);
    const named = REFERENCES.filter((one) => one.target === target);
    const expected = named.map(({ table, column }) => `table ${table}: ${column}; there is none in ${target}.`);
    const found = await danglingIn(database);
    // What it took along names others in its turn.
    expect(found.filter((one) => one.endsWith(` ${target}.`))).toEqual(expected.sort());
  },
);

/** Columns that name what may be gone, is outside, or is looked at by another invariant. */
const EXCUSED: Readonly<Record<string, readonly string[]>> = {
  "An action may be removed, its jobs and what was learnt of them stay": [
    ...["action_version", "duration", "job", "lane", "queue_event"].map((table) => `${table}.action_id`),
  ],
  "A group may be removed before its members": ["job.parent_id", "outcome.parent_id"],
  "A job may be removed before its attempt has ended": ["remnant.job_id"],
  "What a job did is told after it was removed": ["occurrence.group_id", "queue_event.job_id", "queue_event.node_id"],
  "Copied from the job, and compared with it (S05)": [
    ...["action_version_id", "lane_id", "owner_id", "parent_id"].map((column) => `work.${column}`),
  ],
  "A live job's node is I09": ["work.node_id"],
  "The database holds them itself": ["asset_id", "child_id", "collection_id"].map((one) => `collection_member.${one}`),
  Outside: ["job.target_id", "node.boot_id", "secret.key_id"],
};

test("every column that names a row is looked at, or is excused", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const { rows } = await run(
    database,
    `select t.relname || '.' || a.attname as name from pg_class t join pg_attribute a on a.attrelid = t.oid
     where t.relnamespace = 'callsheet'::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
       and a.attnum > 0 and not a.attisdropped and a.attname like '%\\_id'`,
  );
  const looked = REFERENCES.map(({ table, column }) => `${table}.${column}`).filter((name) => name.endsWith("_id"));
  const known = [...looked, ...Object.values(EXCUSED).flat()];
  expect((rows as { name: string }[]).map(({ name }) => name).sort()).toEqual(known.sort());
});
