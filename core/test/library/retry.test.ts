import { partial, snooze } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aJob, until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";

const HOUR_MS = 3_600_000;

describe("a retry by hand", () => {
  test.each(["failed", "partial", "retrying"] as const)("runs a job again that is %s", async (state) => {
    const { cs, database, create, stage, work } = await aFloor();
    const type = stage.type.type;
    const { id } = await aJob(database, { state, action: { name: type, type }, result: null });
    const before = await cs.jobs.get(id);
    expect(await cs.as("ada", "once more").jobs.retry(id)).toBe("pending");
    expect((await cs.jobs.history(id)).at(-1)).toMatchObject({ event: "retry", actor: "ada", reason: "once more" });
    await work();
    const { context, returns } = await stage.nth(1);
    expect(context).toMatchObject({ attempt: 2, job: { id, retries: 1 } });
    expect(await cs.jobs.get(id)).toMatchObject({
      attempt: before.attempt + 1,
      retries: 1,
      endedAt: null,
      error: null,
    });
    returns();
    expect(await cs.jobs.wait(id)).toMatchObject({ state: "completed", attempt: 2, retries: 1 });
    expect((await eventsOf(cs, id)).slice(-2)).toEqual(["retry", "complete"]);
    expect(create).toBeDefined();
  });

  test("is counted each time, and each attempt has a token of its own", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    for (const n of [1, 2, 3]) {
      (await stage.nth(n)).throws(new Error(`failure ${n}`));
      const failed = await inState(cs, job, "failed");
      expect(failed).toMatchObject({ attempt: n, retries: n - 1 });
      await cs.jobs.retry(job);
    }
    (await stage.nth(4)).returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ attempt: 4, retries: 3 });
    const tokens = (await cs.jobs.history(job))
      .filter((line) => line.token !== null)
      .map((line) => BigInt(line.token!));
    expect(new Set(tokens).size).toBe(4);
    expect(await eventsOf(cs, job)).toEqual(["create", "fail", "retry", "fail", "retry", "fail", "retry", "complete"]);
  });

  test("of a job while its rollback is not done is refused", async () => {
    const { cs, database } = await aFloor();
    for (const rollback of ["required", "running", "failed"] as const) {
      const { id } = await aJob(database, { state: "failed", rollback });
      expect(await refusal(() => cs.jobs.retry(id))).toMatchObject({
        code: "rollback_unfinished",
        details: { rollback },
      });
    }
  });

  const overdue = async () => {
    const floor = await aFloor({ timeoutMs: 50 });
    await floor.work();
    const job = await floor.create();
    const entered = await floor.stage.nth(1);
    await inState(floor.cs, job, "timed_out");
    expect(await floor.cs.as("ada").jobs.retry(job)).toBe("timed_out");
    return { ...floor, ...entered, job };
  };

  test("of a timed-out job starts no second attempt while it lives, and is dropped when it completes", async () => {
    const { cs, stage, job, returns } = await overdue();
    returns("late, but done");
    const done = await cs.jobs.wait(job);
    expect(done).toMatchObject({ state: "completed", attempt: 1, retries: 0, result: "late, but done" });
    expect(stage.entered).toHaveLength(1);
    expect(await eventsOf(cs, job)).toEqual(["create", "overrun", "retry_asked", "complete"]);
    expect(await lineOf(cs, job, "retry_asked")).toMatchObject({ actor: "ada", to: "timed_out" });
  });

  test("of a timed-out job is done when it fails", async () => {
    const { cs, stage, job, throws } = await overdue();
    throws(new Error("in the end it failed"));
    const second = await stage.nth(2);
    expect(second.context).toMatchObject({ attempt: 2, job: { retries: 1 } });
    second.returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2, retries: 1 });
    expect(await eventsOf(cs, job)).toEqual([...["create", "overrun", "retry_asked", "fail", "retry", "complete"]]);
  });

  test("of a job that died with its nodes too often sets that count to 0", async () => {
    const { cs, database } = await aFloor();
    const { id } = await aJob(database, { state: "retrying" });
    await database.db.query({ text: "update callsheet.work set crashes = 2 where job_id = $1", values: [id] });
    await cs.jobs.retry(id);
    const { rows } = await database.db.query<{ crashes: number }>({
      text: "select crashes from callsheet.work where job_id = $1",
      values: [id],
    });
    expect(rows).toEqual([{ crashes: 0 }]);
  });
});

describe("an amendment", () => {
  test("of a failed job is kept with who, when, why and the difference, and its retry runs with it", async () => {
    const { cs, create, stage, work } = await aFloor({ configuration: { preset: "proxy" } });
    await work();
    const job = await create({ configuration: { crf: 99, keep: [1] } });
    const first = await stage.nth(1);
    expect(first.context.configuration).toEqual({ preset: "proxy", crf: 99, keep: [1] });
    first.throws(new Error("crf is too high"));
    await inState(cs, job, "failed");
    const editor = cs.as("ada", "crf was wrong");
    expect(await editor.jobs.amend(job, { preset: "proxy", crf: 20, keep: [1] })).toBe(2);
    await editor.jobs.retry(job);
    const second = await stage.nth(2);
    expect(second.context.configuration).toEqual({ preset: "proxy", crf: 20, keep: [1] });
    second.returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ configuration: { crf: 20 }, configurationVersion: 2 });
    const [amended, ...more] = await cs.jobs.amendments(job);
    expect(more).toEqual([]);
    expect(amended).toMatchObject({
      ...{ version: 1, configuration: { crf: 99 }, actor: "ada", reason: "crf was wrong" },
      difference: [{ path: "/crf", from: 99, to: 20 }],
    });
    expect(amended!.at).toBeInstanceOf(Date);
    expect(await eventsOf(cs, job)).toEqual(["create", "fail", "amend", "retry", "complete"]);
    expect((await lineOf(cs, job, "amend")).data).toMatchObject({ version: 2, difference: amended!.difference });
  });

  test("is refused while an attempt lives: it has pinned its configuration", async () => {
    const { cs, create, stage, work } = await aFloor({ configuration: { crf: 1 } });
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    expect(await refusal(() => cs.jobs.amend(job, { crf: 2 }))).toMatchObject({ code: "amend_refused" });
    expect(context.configuration).toEqual({ crf: 1 });
    expect(await cs.jobs.amendments(job)).toEqual([]);
    expect((await cs.jobs.get(job)).configurationVersion).toBe(1);
  });

  test("of a job that waits is what its first attempt runs with", async () => {
    const { cs, create, stage, work } = await aFloor();
    const job = await create({ configuration: { a: 1 } });
    await cs.jobs.amend(job, { b: 2 });
    await cs.jobs.amend(job, { b: 3 });
    await work();
    expect((await stage.nth(1)).context.configuration).toEqual({ b: 3 });
    const differences = (await cs.jobs.amendments(job)).map((one) => one.difference);
    expect(differences).toEqual([
      [
        { path: "/a", from: 1 },
        { path: "/b", to: 2 },
      ],
      [{ path: "/b", from: 2, to: 3 }],
    ]);
  });

  test("that names the version it read is refused when another came first, also when both come at once", async () => {
    const { cs, create, database } = await aFloor({}, { alone: true });
    const { id } = await create({ configuration: { crf: 1 } });
    const { configurationVersion } = await cs.jobs.get(id);
    const amend = (by: string) => cs.jobs.amend(id, { by }, { configurationVersion });
    const asked = await database.db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.work where job_id = $1 for update", values: [id] });
      const both = Promise.allSettled([amend("ada"), amend("bob")]);
      const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      const areBoth = async () => (await database.db.query({ text: waiting, values: [] })).count === 2;
      await until(areBoth, { what: "Both amendments, in front of the lock" });
      return { both };
    });
    const answers = await asked.both;
    const [refused, ...more] = answers.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(more).toEqual([]);
    expect(refused).toMatchObject({ code: "configuration_changed", details: { id, configurationVersion: 2 } });
    const job = await cs.jobs.get(id);
    expect(job).toMatchObject({
      configurationVersion: 2,
      configuration: { by: answers[0]!.status === "fulfilled" ? "ada" : "bob" },
    });
    expect(await cs.jobs.amendments(id)).toHaveLength(1);
    expect(await cs.jobs.amend(id, { crf: 3 }, { configurationVersion: 2 })).toBe(3);
    expect(await refusal(() => cs.jobs.amend(id, {}, { configurationVersion: 1.5 }))).toMatchObject({
      ...{ code: "invalid_argument", details: { field: "configurationVersion" } },
    });
  });

  test.each(["completed", "cancelled", "skipped"] as const)("of a job that is %s is refused", async (state) => {
    const { cs, database } = await aFloor();
    const { id } = await aJob(database, { state });
    expect(await refusal(() => cs.jobs.amend(id, {}))).toMatchObject({ code: "wrong_state" });
  });
});

describe("a handler that ends otherwise", () => {
  test("snoozes: the job is scheduled again, and that is no retry", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const until = new Date(Date.now() + HOUR_MS);
    (await stage.nth(1)).returns(snooze(until));
    const scheduled = await inState(cs, job, "scheduled");
    expect(scheduled).toMatchObject({ dueAt: until, attempt: 1, retries: 0, endedAt: null, node: null });
    await cs.jobs.schedule(job, new Date());
    (await stage.nth(2)).returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ attempt: 2, retries: 0 });
    expect(await eventsOf(cs, job)).toEqual(["create", "snooze", "plan", "complete"]);
  });

  test("snoozes until a time that has passed: it begins again at once", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).returns(snooze(new Date(0)));
    (await stage.nth(2)).returns("again");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2, retries: 0, result: "again" });
    await eventsOf(cs, job);
  });

  test("delivers a part: the job is partial, and may be retried for the rest or cancelled", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).returns(partial({ copied: ["a"] }, [{ path: "b", message: "not readable" }]));
    expect(await cs.jobs.wait(job)).toMatchObject({
      state: "partial",
      result: { output: { copied: ["a"] }, problems: [{ path: "b", message: "not readable" }] },
    });
    await cs.jobs.retry(job);
    (await stage.nth(2)).returns(partial(null, []));
    await until(async () => (await cs.jobs.get(job)).attempt === 2 && (await cs.jobs.get(job)).state === "partial");
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    expect(await eventsOf(cs, job)).toEqual(["create", "complete_partly", "retry", "complete_partly", "cancel"]);
  });
});
