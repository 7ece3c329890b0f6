import { afterEach, beforeEach, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { checkRest } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
let here: Dispatcher;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  here = await aDispatcher(database, "here");
});
afterEach(async () => {
  await here.close();
  await database.close();
});

const target = { type: "asset", id: "a" };
const run = (text: string) => database.db.query<Record<string, unknown>>({ text, values: [] });
const lined = async () => (await run("select key from callsheet.object where lined")).rows;

test("an object that is released while nobody waits has no line", async () => {
  await cs.locks.quarantine(target, "to be looked at");
  await cs.locks.release(target);
  expect(await lined()).toEqual([]);
  const { id } = await cs.jobs.create("edit", { target });
  expect((await here.claim()).map((job) => job.id)).toEqual([id]);
});

test("a job starts at an object that is said to have a line, though nobody stands in it", async () => {
  await run("insert into callsheet.object (key, lined) values ('asset/a', true)");
  const { id } = await cs.jobs.create("edit", { target });
  const [job] = await here.claim();
  expect(job?.id).toBe(id);
  await here.complete(job!);
  expect(await lined()).toEqual([]);
  await checkRest(database);
});
