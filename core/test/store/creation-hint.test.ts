import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Callsheet } from "../../src/callsheet.ts";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();
const heard: string[] = [];
let cs: Callsheet;
let listener: pg.Client;
beforeAll(async () => {
  cs = await file.get().open();
  await cs.actions.put({ name: "copy", type: "copy" });
  listener = new pg.Client({ connectionString: file.get().url });
  await listener.connect();
  listener.on("notification", ({ payload = "" }) => heard.push(payload.split(" ").slice(1).join(" ")));
  await listener.query("listen callsheet_hint");
});
afterAll(() => listener.end());

describe("other processes hear of new jobs", () => {
  test.each([
    ["one, by its id", () => cs.jobs.create("copy"), /^l\d+:\d:[-\da-f]{36}$/],
    ["one that says more", () => cs.jobs.create("copy", { tags: ["a"], priority: "urgent" }), /^l\d+:0:[-\da-f]{36}$/],
    ["one with a key", () => cs.jobs.create("copy", { idempotencyKey: "once" }), /^l\d+:\d:[-\da-f]{36}$/],
    [
      "one to come",
      () => cs.jobs.create("copy", { startAt: new Date("2999-01-01T00:00:00Z") }),
      /^l(\d+):\d\S* o\1 d$/,
    ],
    ["one that was to start before", () => cs.jobs.create("copy", { startAt: new Date(0) }), /^l(\d+):\d\S* o\1 d$/],
    ["many", () => cs.jobs.createMany("copy", [{}, {}]), /^l\d+:\d$/],
    ["so many that they take a while", () => cs.jobs.createMany("copy", Array(501).fill({})), /^l(\d+):\d o\1$/],
  ])("%s", async (_, create, hint) => {
    // At most one leaves in five milliseconds.
    await wait(20);
    heard.length = 0;
    await create();
    await expect.poll(() => heard).toEqual([expect.stringMatching(hint)]);
  });

  test("unless the server cannot tell: the job is stored all the same, once", async () => {
    await listener.query(`
      create function refuse() returns trigger language plpgsql as $$ begin
        if current_query() like '%pg_notify%' then
          raise exception 'too many notifications in the NOTIFY queue' using errcode = 'program_limit_exceeded';
        end if;
        return new;
      end $$;
      create trigger refuse before insert on callsheet.job for each row execute function refuse()`);
    onTestFinished(async () => {
      await listener.query("drop trigger refuse on callsheet.job");
    });
    await wait(20);
    const job = await cs.jobs.create("copy", { tags: ["refused"] });
    expect((await cs.jobs.list({ tag: "refused" })).map(({ id }) => id)).toEqual([job.id]);
  });
});

test("a program that creates one job opens no connection for it; one that creates more does", async () => {
  const one = await file.get().open();
  const lines = async () =>
    (
      await listener.query(
        "select from pg_stat_activity where application_name = 'callsheet create' and datname = current_database()",
      )
    ).rowCount;
  const before = await lines();
  await one.jobs.create("copy");
  expect(await lines()).toBe(before);
  await one.jobs.create("copy");
  expect(await lines()).toBe(before! + 1);
});
