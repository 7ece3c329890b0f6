import { isCallsheetError } from "@callsheet/contract";
import { expect, test } from "vitest";
import { aFloor, refusal } from "../fixtures/floor.ts";

test("what a trigger of somebody refuses is told by a code, with the server's words and what to do", async () => {
  const { cs, create, name, database } = await aFloor({}, { alone: true });
  const kept = await create();
  await database.db.query({
    text: `create function callsheet.refuse() returns trigger language plpgsql as $$ begin raise exception 'not on Sundays'; end $$;
           create trigger sundays before insert or update on callsheet.job for each statement execute function callsheet.refuse()`,
    values: [],
  });
  const calls = [() => create(), () => cs.jobs.createMany(name, [{}, {}]), () => cs.jobs.amend(kept, { a: 1 })];
  for (const call of calls) {
    const error = await refusal(call);
    expect(isCallsheetError(error)).toBe(true);
    expect(error).toMatchObject({
      code: "database_failed",
      message: "PostgreSQL refused it: not on Sundays (P0001).",
      details: { sqlstate: "P0001" },
      next: expect.stringContaining("triggers"),
    });
  }
  expect(await cs.jobs.get(kept)).toMatchObject({ configurationVersion: 1 });
});

test("a caller's own transaction is told the same, and stays the caller's to roll back", async () => {
  const { cs, name, database } = await aFloor({}, { alone: true });
  await cs.jobs.create(name);
  const said = Object.assign(new Error("not today"), { code: "P0001", severity: "ERROR" });
  const tx = { query: () => Promise.reject(said) };
  const error = await refusal(() => cs.jobs.create(name, {}, { tx }));
  expect(error).toMatchObject({ code: "database_failed", cause: said });
  expect((await database.store.countStates()).pending).toBe(1);
});
