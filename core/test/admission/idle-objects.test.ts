import { expect, onTestFinished, test } from "vitest";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aFloor, aType, inState } from "../fixtures/floor.ts";

async function aDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  return database;
}

const run = async ({ db }: TestDatabase, text: string) => (await db.query<{ key: string }>({ text, values: [] })).rows;
const keys = async (database: TestDatabase) =>
  (await run(database, "select key from callsheet.object order by key")).map(({ key }) => key);
const ID = "'00000000-0000-0000-0000-000000000001'";
const OLD = "now() - interval '25 hours'";

test("of an object that nobody stands at, nobody took for a day and nobody decided on the row goes", async () => {
  const database = await aDatabase();
  const objects: Readonly<Record<string, string>> = {
    "a/held": `7, ${ID}, ${OLD}, false, false, null`,
    "a/in line": `null, null, ${OLD}, true, false, null`,
    "a/quarantined": `null, null, ${OLD}, false, true, ${OLD}`,
    "a/released": `null, null, ${OLD}, false, false, ${OLD}`,
    "a/taken lately": `null, null, now() - interval '23 hours', false, false, null`,
    "b/locked": `null, null, ${OLD}, false, false, null`,
    "b/never taken": `null, null, null, false, false, null`,
    "b/old": `null, null, ${OLD}, false, false, null`,
  };
  for (const [key, columns] of Object.entries(objects))
    await run(
      database,
      `insert into callsheet.object (key, token, job_id, at, lined, quarantined, quarantined_at) values ('${key}', ${columns})`,
    );
  await database.db.transaction(async (tx) => {
    await tx.query({ text: "select from callsheet.object where key = 'b/locked' for update", values: [] });
    const first = await database.store.forgetObjects("", 7);
    expect(first).toBe("b/never taken");
    expect(await database.store.forgetObjects(first!, 7)).toBe("b/old");
    expect(await database.store.forgetObjects("b/old", 7)).toBeUndefined();
  });
  expect(await keys(database)).toEqual(Object.keys(objects).filter((key) => !/never|old/.test(key)));
});

test.each(["exclusive", "shared"] as const)(
  "who took an object before takes it again when its row is gone, %s",
  async (lock) => {
    const { cs, database, stage, work, name } = await aFloor({ lock }, { alone: true });
    await work();
    stage.clear();
    const target = { type: "asset", id: "1" };
    await inState(cs, await cs.jobs.create(name, { target }), "completed");
    await until(
      async () => (await run(database, "select key from callsheet.object where token is null and not lined"))[0],
    );
    await run(database, `update callsheet.object set at = ${OLD}`);
    await database.store.forgetObjects("", 10);
    expect(await keys(database)).toEqual([]);
    await inState(cs, await cs.jobs.create(name, { target }), "completed");
    expect(await keys(database)).toEqual(["asset/1"]);
  },
);

test("to let go of them is a duty of nodes, once a day", async () => {
  const database = await aDatabase();
  await run(database, `insert into callsheet.object (key, at) values ('asset/1', ${OLD})`);
  const cs = await database.open({ environment: fastEnvironment() });
  await cs.work({ name: "keeps house", types: [aType(() => null)] });
  await until(async () => (await keys(database)).length === 0, { deadlineMs: 20_000, what: "The end of the old row" });
  await run(database, `insert into callsheet.object (key, at) values ('asset/2', ${OLD})`);
  expect(await database.store.beginDuty("objects", 86_400_000)).toBe(false);
});
