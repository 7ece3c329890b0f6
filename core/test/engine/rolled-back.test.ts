import { expect, test } from "vitest";
import type { TestDatabase } from "../../src/testing/index.ts";
import { aFloor, aFloorWith, type Context, eventsOf } from "../fixtures/floor.ts";

/** The first two statements that change this table are rolled back for another's sake: by a serialisation failure, by a deadlock. */
function rollsBack({ db }: TestDatabase, table: string) {
  return db.query({
    text: `
      create sequence given_up;
      create function give_up() returns trigger language plpgsql as $$
      declare n int := nextval('given_up');
      begin
        if n = 1 then raise exception 'somebody else was first' using errcode = '40001'; end if;
        if n = 2 then raise exception 'two waited for each other' using errcode = '40P01'; end if;
        return null;
      end $$;
      create trigger give_up after insert or update or delete on callsheet.${table} for each statement execute function give_up()`,
    values: [],
  });
}

/** Fails at its first attempt. */
const failsOnce = async ({ attempt }: Context) => {
  if (attempt === 1) throw Object.assign(new Error("Not yet."), { code: "not_yet" });
  return attempt;
};

test.each(["job", "work", "claim", "outcome", "event"])(
  "what the server rolls back for another's sake is done again, and is nobody's failure: %s",
  async (table) => {
    const entered: string[] = [];
    const run = (context: Context) => {
      entered.push(`${context.job.id} ${context.attempt}`);
      return failsOnce(context);
    };
    const floor = await aFloorWith(run, { retry: { limit: 1, delayMs: 1, jitter: 0 } }, { alone: true });
    const { cs, create, database } = floor;
    await rollsBack(database, table);
    const [job, later] = [await create(), await create({ startAt: null })];
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: 2, attempt: 2, retries: 1 });
    expect(entered).toEqual([`${job.id} 1`, `${job.id} 2`]);
    await cs.jobs.amend(later, { a: 1 });
    expect(await cs.jobs.cancel(later)).toBe("cancelled");
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "complete"]);
    expect(await eventsOf(cs, later)).toEqual(["create", "amend", "cancel"]);
  },
);

test("so is what operators say of objects", async () => {
  const { cs, database } = await aFloor({}, { alone: true });
  await rollsBack(database, "object");
  expect(await cs.locks.quarantine("asset/a", "half written")).toMatchObject({
    quarantine: { reason: "half written" },
  });
  expect(await cs.locks.release("asset/a")).toMatchObject({ quarantine: null });
});
