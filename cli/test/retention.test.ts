import { aJob, openTestDatabase } from "@callsheet/core/testing";
import { expect, it } from "vitest";
import { callsheetWith } from "./command.ts";

it("callsheet retention: rules are put, listed, tried out, applied and removed", async () => {
  await using database = await openTestDatabase();
  const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, "retention", ...args).ended;
  for (const state of ["completed", "completed", "failed"] as const) await aJob(database, { state });
  await database.db.query({ text: "update callsheet.outcome set ended_at = now() - interval '100 days'", values: [] });

  // A timed action that was off all the time, and keeps the last of its three instants.
  const { id } = await aJob(database, { state: "created" });
  await database.db.query({
    text: `with t as (
        insert into callsheet.timed_action (name, job_id, definition, mark, ruled_at, actor)
        values ('hourly', $1, '{"keepLast": 1}', now(), now(), 'ada') returning id
      )
      insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason)
      select t.id, 'rule', n, 0, n, 1, n::timestamptz, n::timestamptz, 'skipped', 'stopped'
      from t, unnest(array['2026-06-01T12:00:00', '2026-06-01T13:00:00', '2026-06-01T14:00:00']) n`,
    values: [id],
  });

  expect(await run("list")).toMatchObject({ exitCode: 0, stdout: "" });
  const put = await run("put", "--keep", "90d", "--as", "ada", "--reason", "disks");
  expect(put).toMatchObject({ exitCode: 0, stdout: "*\t*\t90d\tada: disks\n" });
  expect((await run("put", "--state", "failed", "--keep", "forever", "--as", "ada")).stdout).toBe(
    "failed\t*\tforever\tada\n",
  );
  expect((await run("list")).stdout.split("\n")).toHaveLength(3);

  const dry = await run("run", "--dry-run");
  expect(dry).toMatchObject({
    exitCode: 0,
    stdout: "completed\ttest\t2\n",
    stderr: "Would delete 2 jobs and 2 occurrences of timed actions.\n",
  });
  expect((await run("run")).stderr).toMatch(/^Deleted 2 jobs and 2 occurrences of timed actions\.\n/);
  expect(JSON.parse((await run("run", "--json")).stdout)).toMatchObject({ jobs: 0, isDryRun: false, expired: [] });

  expect(await run("remove", "--state", "failed")).toMatchObject({ exitCode: 0 });
  expect(await run("remove", "--state", "failed")).toMatchObject({ exitCode: 3 });
  expect(await run("put", "--keep", "10s")).toMatchObject({ exitCode: 2 });
  expect(await run("put", "--keep", "soon")).toMatchObject({ exitCode: 2 });
  expect(await run("put", "--keep", "1d", "--state", "running")).toMatchObject({ exitCode: 2 });
});
