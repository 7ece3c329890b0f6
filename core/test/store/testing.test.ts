import { checkHistory, JOB_STATES } from "@callsheet/contract";
import { expect, test } from "vitest";
import { aJob, openTestDatabase } from "../../src/testing/index.ts";

test.each(JOB_STATES)("a job can be put into state %s, with a history that led there", async (state) => {
  const database = await openTestDatabase();
  const { id } = await aJob(database, { state });
  const history = await database.store.readHistory([id]);
  expect(checkHistory(history)).toEqual([]);
  expect(history.at(-1)?.to).toBe(state === "queued" ? "pending" : state);
  expect(await database.store.readJobs([id])).toMatchObject([{ id, state }]);
  await database.close();
});
