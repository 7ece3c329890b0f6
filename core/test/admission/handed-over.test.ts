import { expect, test } from "vitest";
import { admitJobs, giveWay, queuedJobs } from "../../src/store/admission.ts";
import { aJob } from "../../src/testing/index.ts";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();

test("admission neither counts nor moves a job whose locks were handed over", async () => {
  const { db } = file.get();
  const { id } = await aJob(file.get(), { state: "queued" });
  const turnOf = async () => {
    const text = "select state, turn::float8 as turn from callsheet.work where job_id = $1";
    return (await db.query({ text, values: [id] })).rows[0];
  };
  await db.query({ text: "update callsheet.work set turn = 5 where job_id = $1", values: [id] });
  expect((await queuedJobs(db)).map((job) => job.id)).toEqual([id]);
  await db.query({ text: "update callsheet.work set turn = -5 where job_id = $1", values: [id] });
  expect((await queuedJobs(db)).map(({ turn }) => turn)).toEqual([-5]);
  await admitJobs(db, [{ id, turn: 7 }]);
  await giveWay(db, [id]);
  expect(await turnOf()).toEqual({ state: "queued", turn: -5 });
});
