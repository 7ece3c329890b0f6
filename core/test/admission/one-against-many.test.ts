import { expect, onTestFinished, test } from "vitest";
import { expectSound, openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";

const MANY = 100_000;
const [NODES, SLOTS] = [4, 4];
/** Those that were being started as it was stored; without turns it would wait for all of them, with admission's alone for a round. */
const MOST_BEFORE = NODES * SLOTS;

/** How many jobs of others began after a job had been stored and before it began itself; undefined: it has not. */
async function beganBefore(database: TestDatabase, id: string): Promise<{ readonly count: number } | undefined> {
  const { rows } = await database.db.query<{ startedAt: Date | null; count: number }>({
    text: `
      with began as (
        select job_id as id, started_at from callsheet.outcome
        union all
        select m.id, c.started_at from callsheet.claim c cross join unnest(c.ids) with ordinality as m (id, n) where get_bit(c.ended, m.n::int - 1) = 0
        union all
        select job_id, started_at from callsheet.work where node_id is not null
      )
      select own.started_at as "startedAt", (
        select count(*)::int from began where began.started_at > j.created_at and began.started_at < own.started_at) as count
      from callsheet.job j left join began own using (id) where j.id = $1`,
    values: [id],
  });
  const { startedAt, count } = rows[0]!;
  return startedAt === null ? undefined : { count };
}

test("one job of an owner who has nothing else starts at the next free slot, though 100,000 of another are due", {
  timeout: 180_000,
}, async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  const { definition } = await cs.actions.put({ name: "witnessed", type: "witnessed" });
  const work = { configuration: { how: "takes 50 ms" } };
  await cs.as("ada").jobs.createMany(
    definition.name,
    Array.from({ length: MANY }, () => work),
  );
  const { file } = aWitness();
  const nodes = Array.from({ length: NODES }, (_, n) =>
    aChild("node-process.mjs", {
      ...{ TEST_DATABASE: database.url, TEST_WITNESS: file },
      ...{ TEST_NODE: `node-${n}`, TEST_SLOTS: String(SLOTS) },
    }),
  );
  for (const node of nodes) await node.says("up");
  await until(async () => (await cs.jobs.count()).completed > 20 * NODES * SLOTS, { deadlineMs: 60_000 });
  const single = await cs.as("bob").jobs.create(definition.name, work);
  const before = await until(() => beganBefore(database, single.id), { deadlineMs: 60_000 });
  expect(before.count).toBeLessThanOrEqual(MOST_BEFORE);
  await expectSound(database);
});
