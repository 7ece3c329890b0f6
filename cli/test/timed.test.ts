import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aJob, openTestDatabase } from "@callsheet/core/testing";
import { expect, it } from "vitest";
import { callsheetWith } from "./command.ts";

it("callsheet timed: one is made, listed, previewed, changed, started, run, stopped and deleted", {
  timeout: 120_000,
}, async () => {
  await using database = await openTestDatabase();
  const run = (...args: readonly string[]) =>
    callsheetWith({ DATABASE_URL: database.url, TZ: "Europe/Berlin" }, "timed", ...args).ended;
  const jsonOf = async (...args: readonly string[]) => JSON.parse((await run(...args, "--json")).stdout);
  // It makes the action.
  await aJob(database, { state: "completed", action: { flags: ["timed"] } });

  expect(await run("list")).toMatchObject({ exitCode: 0, stdout: "" });
  const made = await run("create", "nightly", "--action", "test", "--at", "02:30", "--days", "mon,tue", "-c", "a=1");
  expect(made).toMatchObject({ exitCode: 0 });
  expect(made.stdout).toMatch(/Runs\s+at 02:30 on mon, tue, Europe\/Berlin/);
  expect(await jsonOf("show", "nightly")).toMatchObject({
    ...{ state: "stopped", timeZone: "Europe/Berlin", jobState: "created", job: { configuration: { a: 1 } } },
  });

  const started = await jsonOf("start", "nightly");
  expect(started).toMatchObject({ state: "started", nextLocal: expect.stringMatching(/T02:30:00$/) });
  const [line] = (await run("list")).stdout.split("\n");
  expect(line!.split("\t").slice(0, 6)).toEqual([
    ...["nightly", "test", "started", "at 02:30 on mon, tue", "Europe/Berlin"],
    started.nextAt,
  ]);

  const from = ["--from", "2026-03-28T12:00", "--time-zone", "Europe/Berlin"];
  const spring = await run("preview", "--cron", "30 2 * * *", ...from, "--count", "2");
  expect(spring.stdout.split("\n").slice(0, 2)).toEqual([
    "2026-03-29 02:30:00\t+02:00\t2026-03-29T01:00:00Z\tis missing, runs at 03:00:00; clocks go from +01:00 to +02:00",
    "2026-03-30 02:30:00\t+02:00\t2026-03-30T00:30:00Z\t",
  ]);
  const skipped = await run("preview", "--at", "02:30", ...from, "--missing", "skip", "--count", "1");
  expect(skipped.stdout).toContain("does not run: the hour is missing; clocks go from +01:00 to +02:00");
  const excluded = ["--exclude", "2026-04-03..2026-04-06", "--exclude", "sat,sun", "--exclude", "12-25"];
  const fields = ["--cron", "0 9 * * *", "--overlap", "queue", "--misfire", "all", "--within", "2h", "--jitter", "30s"];
  expect(await jsonOf("change", "nightly", ...fields, ...excluded, "-c", "b=2", "--doubled", "both")).toMatchObject({
    rule: { kind: "cron", expression: "0 9 * * *" },
    ...{ overlap: "queue", misfire: { policy: "all", withinMs: 7_200_000 }, jitterMs: 30_000 },
    ...{ dst: { missing: "next", doubled: "both" }, job: { configuration: { a: 1, b: 2 } } },
    exclusions: [{ date: "2026-04-03", until: "2026-04-06" }, { days: ["sat", "sun"] }, { yearly: "12-25" }],
  });
  expect((await run("show", "nightly")).stdout).toMatch(/Runs\s+At 09:00, Europe\/Berlin/);

  expect(await jsonOf("run", "nightly")).toMatchObject({ jobState: "pending" });
  expect(await run("run", "nightly")).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining("timed_action_busy"),
  });
  expect((await run("occurrences", "nightly")).stdout).toMatch(/\tfired\t.*\tby hand\n$/);
  expect(await run("off")).toMatchObject({ exitCode: 0, stderr: "Timed actions are switched off.\n" });
  expect(await run("on")).toMatchObject({ exitCode: 0 });
  expect(await jsonOf("stop", "nightly")).toMatchObject({ state: "stopped", nextAt: null });
  expect(await run("delete", "nightly", "--yes")).toMatchObject({ exitCode: 5 });
  await database.db.query({ text: "update callsheet.work set state = 'created', due_at = null", values: [] });
  expect(await run("delete", "nightly")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--yes") });
  expect(await run("delete", "nightly", "--yes")).toMatchObject({ exitCode: 0 });
  expect(await run("show", "nightly")).toMatchObject({ exitCode: 3 });
});

it("callsheet timed refuses what makes no sense", { timeout: 120_000 }, async () => {
  await using database = await openTestDatabase();
  await aJob(database, { state: "completed", action: { flags: ["timed"] } });
  const exitCodeOf = async (...args: readonly string[]) =>
    (await callsheetWith({ DATABASE_URL: database.url }, "timed", ...args).ended).exitCode;
  const bad = [
    ["create", "x", "--action", "test"],
    ["create", "x", "--action", "test", "--every", "15m", "--cron", "* * * * *"],
    ["create", "x", "--every", "7m", "--action", "test"],
    ["create", "x", "--cron", "0 0 30 2 *", "--action", "test"],
    ["create", "x", "--at", "02:30", "--exclude", "someday", "--action", "test"],
    ["preview"],
    ["change", "x"],
  ];
  for (const args of bad) expect([args, await exitCodeOf(...args)]).toEqual([args, 2]);
  expect(await exitCodeOf("start", "x")).toBe(3);
});

it("callsheet timed calendars: one is put, used, shown, changed, and deleted when nobody uses it", {
  timeout: 120_000,
}, async () => {
  await using database = await openTestDatabase();
  await aJob(database, { state: "completed", action: { flags: ["timed"] } });
  const run = (...args: readonly string[]) =>
    callsheetWith({ DATABASE_URL: database.url, TZ: "Europe/Berlin" }, "timed", ...args).ended;
  const jsonOf = async (...args: readonly string[]) => JSON.parse((await run(...args, "--json")).stdout);

  expect(await run("calendars", "list")).toMatchObject({ exitCode: 0, stdout: "" });
  const holidays = ["--exclude", "12-25..12-26", "--exclude", "2026-12-05T22:00..2026-12-06T04:00"];
  expect(await jsonOf("calendars", "put", "bavaria", ...holidays, "--description", "holidays")).toMatchObject({
    ...{ name: "bavaria", timeZone: "Europe/Berlin", description: "holidays", usedBy: [] },
    exclusions: [
      { yearly: "12-25", until: "12-26" },
      { since: "2026-12-05T22:00", until: "2026-12-06T04:00" },
    ],
  });
  const rule = ["--at", "02:30", "--time-zone", "UTC"];
  const made = await run(
    "create",
    "nightly",
    "--action",
    "test",
    ...rule,
    "--calendars",
    "bavaria",
    "--keep-last",
    "9",
  );
  expect(made.stdout).toMatch(/Calendars\s+bavaria\n\s+Keeps\s+the last 9/);
  const preview = await run(
    "preview",
    ...rule,
    "--calendars",
    "bavaria",
    "--from",
    "2026-12-24T12:00Z",
    "--count",
    "1",
  );
  expect(preview.stdout.match(/excluded/g)).toHaveLength(2);
  expect((await run("calendars", "list")).stdout).toBe(
    "bavaria\tEurope/Berlin\teach 12-25 to 12-26; 2026-12-05 22:00 to 2026-12-06 04:00\tnightly\n",
  );
  const shown = await run("calendars", "show", "bavaria", "--json");
  const folder = await mkdtemp(join(tmpdir(), "callsheet-"));
  const file = join(folder, "calendar.json");
  await writeFile(file, shown.stdout);
  expect(await jsonOf("calendars", "put", "bavaria", "--file", file, "--time-zone", "UTC")).toMatchObject({
    ...{ timeZone: "UTC", description: "holidays", usedBy: ["nightly"] },
    exclusions: JSON.parse(shown.stdout).exclusions,
  });
  await rm(folder, { recursive: true });
  const refused = await run("calendars", "delete", "bavaria", "--yes");
  expect(refused).toMatchObject({
    exitCode: 5,
    stderr: expect.stringMatching(/nightly[\s\S]*calendar_in_use|calendar_in_use[\s\S]*nightly/),
  });
  expect(await jsonOf("change", "nightly", "--calendars", "none", "--keep-last", "all")).toMatchObject({
    ...{ calendars: [], keepLast: null },
  });
  expect(await run("calendars", "delete", "bavaria", "--yes")).toMatchObject({ exitCode: 0 });
  expect(await run("calendars", "show", "bavaria")).toMatchObject({ exitCode: 3 });
});

it("callsheet timed says what an action needs that is not for a timetable", { timeout: 120_000 }, async () => {
  await using database = await openTestDatabase();
  await aJob(database, { state: "completed" });
  const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, ...args).ended;
  const create = ["timed", "create", "x", "--action", "test", "--every", "15m"] as const;
  expect(await run(...create)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--flags timed") });
  expect(await run("actions", "change", "test", "--flags", "groupMember")).toMatchObject({ exitCode: 0 });
  // What it is for already stays.
  expect((await run(...create)).stderr).toContain("Try: callsheet actions change test --flags groupMember,timed\n");
  expect(await run("actions", "change", "test", "--flags", "timed")).toMatchObject({ exitCode: 0 });
  expect(await run(...create)).toMatchObject({ exitCode: 0 });
});

it("callsheet jobs refuses for the job of a timed action what is done to the timed action, and says so", {
  timeout: 120_000,
}, async () => {
  await using database = await openTestDatabase();
  await aJob(database, { state: "completed", action: { flags: ["timed"] } });
  const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, ...args).ended;
  const fields = ["--action", "test", "--at", "02:30", "--jitter", "300ms", "--target", "tape:A-17"];
  const made = await run("timed", "create", "nightly", ...fields);
  expect(made.stdout).toMatch(/Target\s+tape A-17\n[\s\S]*Jitter\s+up to 300 ms\n/);
  const { jobId } = JSON.parse((await run("timed", "show", "nightly", "--json")).stdout);
  expect(await run("jobs", "explain", jobId)).toMatchObject({
    stdout: expect.stringContaining('Its timed action "nightly" is stopped: start it.'),
  });
  const told = /timed action "nightly" cannot be .*\(wrong_state\)[\s\S]*Try: callsheet timed stop nightly\n$/;
  for (const [operation, ...rest] of [["cancel", "--yes"], ["hold"], ["plan", "--at", "+1h"]])
    expect(await run("jobs", operation!, jobId, ...rest)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringMatching(told),
    });
  expect(await run("timed", "show", "nigthly")).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("Try: callsheet timed list"),
  });
});
