import { expect, onTestFinished, test } from "vitest";
import { aGroup, expectSound, openTestDatabase } from "../../src/testing/index.ts";
import { GROUP_DAMAGES } from "./damages.ts";

async function aSettledGroup() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const { id } = await aGroup(database, [{ state: "completed" }, { state: "failed" }]);
  await database.store.transaction((tx) => tx.closeGroup(id));
  return { id, database };
}

test("a group is sound whatever its members are, open, closed and settled", async () => {
  const { database } = await aSettledGroup();
  await aGroup(database, [{ state: "running", as: "member" }, { state: "retrying" }, { state: "created" }]);
  await aGroup(database, [{ state: "failed", rollback: "required" }, { state: "timed_out" }, { state: "paused" }]);
  await expectSound(database);
});

test.each(GROUP_DAMAGES)("a damaged group is found: %s", async (_, invariant, text) => {
  const { id, database } = await aSettledGroup();
  for (const statement of text.split(";"))
    await database.db.query({ text: statement.replaceAll("$1", `'${id}'`), values: [] });
  const { counts } = await (await database.open()).verify();
  expect(Object.keys(counts)).toContain(invariant);
});
