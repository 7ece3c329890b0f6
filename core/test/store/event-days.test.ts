import { describe, expect, onTestFinished, test } from "vitest";
import { createRest, makeDays, purge } from "../../src/engine/house.ts";
import type { Part } from "../../src/engine/part.ts";
import { systemEnvironment } from "../../src/index.ts";
import { aJob, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";

const DAY_MS = 86_400_000;

async function aPlace() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const clock = await database.stopClock();
  const part = { store: database.store, environment: systemEnvironment() } as Part;
  return { database, clock, part };
}

async function partitions({ db }: TestDatabase): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>({
    text: "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'callsheet.event'::regclass order by 1",
    values: [],
  });
  return rows.map(({ name }) => name.replace("callsheet.", ""));
}

async function partitionOf({ db }: TestDatabase, id: string): Promise<readonly string[]> {
  const text = "select distinct tableoid::regclass::text as name from callsheet.event where job_id = $1";
  const { rows } = await db.query<{ name: string }>({ text, values: [id] });
  return rows.map(({ name }) => name.replace("callsheet.", ""));
}

const nameOf = (at: Date) => `event_${at.toISOString().slice(0, 10).replaceAll("-", "_")}`;
const days = (from: Date, count: number) =>
  Array.from({ length: count }, (_, n) => nameOf(new Date(from.getTime() + n * DAY_MS)));

describe("partitions of events", () => {
  test("are made for the days to come, once, and each line stands in that of its day", async () => {
    const { database, clock, part } = await aPlace();
    const start = await clock.advance(0);
    await makeDays(part);
    await makeDays(part);
    const ahead = days(new Date(start.getTime() + 2 * DAY_MS), 6);
    expect(await partitions(database)).toEqual([...ahead, "event_other", "event_rest"].sort());
    await clock.advance(3 * DAY_MS);
    await makeDays(part);
    const more = days(new Date(start.getTime() + 2 * DAY_MS), 9);
    expect(await partitions(database)).toEqual([...more, "event_other", "event_rest"].sort());
    const { id } = await aJob(database, { state: "retrying" });
    expect(await partitionOf(database, id)).toEqual([nameOf(new Date(start.getTime() + 3 * DAY_MS))]);
  });

  test("that were not made in time are no loss: lines go into the last one, and their days stay there", async () => {
    const { database, clock, part } = await aPlace();
    const start = await clock.advance(20 * DAY_MS);
    const { id } = await aJob(database, { state: "retrying" });
    expect(await partitionOf(database, id)).toEqual(["event_other"]);
    await makeDays(part);
    expect(await partitions(database)).not.toContain(nameOf(start));
    expect(await partitions(database)).toContain(nameOf(new Date(start.getTime() + DAY_MS)));
    // A line of tomorrow is there already: that day is left to the last one, and the rest is made.
    await database.db.query({ text: "update callsheet.event set at = at + interval '8 days'", values: [] });
    await clock.advance(5 * DAY_MS);
    await makeDays(part);
    const made = await partitions(database);
    expect(made).not.toContain(nameOf(new Date(start.getTime() + 8 * DAY_MS)));
    expect(made).toContain(nameOf(new Date(start.getTime() + 9 * DAY_MS)));
  });

  test("are dropped when they are over and nothing is left in them, and not for as long as one job has a line there", async () => {
    const { database, clock, part } = await aPlace();
    const start = await clock.advance(0);
    await makeDays(part);
    await clock.advance(3 * DAY_MS);
    const old = await aJob(database, { state: "failed" });
    const lasting = await aJob(database, { state: "retrying" });
    const day = nameOf(new Date(start.getTime() + 3 * DAY_MS));
    expect(await partitionOf(database, lasting.id)).toEqual([day]);
    await database.store.putRetention({ state: null, type: null, keepMs: DAY_MS, actor: "test", reason: null });
    await clock.advance(30 * DAY_MS);
    const first = await purge(part, createRest(part));
    expect(first).toMatchObject({ jobs: 1 });
    // The days without a line, the first one among them; not that of the lasting one.
    expect([...first.dropped].sort()).toEqual(
      ["event_rest", ...days(new Date(start.getTime() + 2 * DAY_MS), 6)].filter((name) => name !== day).sort(),
    );
    expect(await partitionOf(database, old.id)).toEqual([]);
    expect((await database.store.readHistory([lasting.id])).length).toBeGreaterThan(1);
    await database.store.removeJobs([lasting.id]);
    expect(await purge(part, createRest(part))).toMatchObject({ dropped: [day] });
    // A line of a time whose partition is gone is kept all the same.
    await clock.advance(-30 * DAY_MS);
    const late = await aJob(database, { state: "retrying" });
    expect(await partitionOf(database, late.id)).toEqual(["event_other"]);
  });

  test("keep nobody waiting: while somebody reads the history, nothing is dropped, and nothing fails", async () => {
    const { database, clock, part } = await aPlace();
    await makeDays(part);
    await clock.advance(60 * DAY_MS);
    await database.db.transaction(async (tx) => {
      await tx.query({ text: "select * from callsheet.event", values: [] });
      expect(await purge(part, createRest(part))).toMatchObject({ dropped: [] });
    });
    expect((await purge(part, createRest(part))).dropped.length).toBe(7);
  });
});
