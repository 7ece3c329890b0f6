import type { JobState } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aJob, until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, inState, refusal } from "../fixtures/floor.ts";

const HOUR_MS = 3_600_000;
const later = () => new Date(Date.now() + HOUR_MS);

describe("a start time", () => {
  test("can be given, changed and taken away", async () => {
    const { cs, create } = await aFloor();
    const job = await create({ startAt: null });
    const [first, second] = [later(), new Date(Date.now() + 2 * HOUR_MS)];
    expect(await cs.jobs.schedule(job, first)).toBe("scheduled");
    expect(await cs.jobs.get(job)).toMatchObject({ startAt: first, dueAt: first });
    expect(await cs.jobs.schedule(job, second)).toBe("scheduled");
    expect(await cs.jobs.get(job)).toMatchObject({ startAt: second, dueAt: second });
    expect(await cs.jobs.unschedule(job)).toBe("created");
    expect(await cs.jobs.get(job)).toMatchObject({ state: "created", startAt: null, dueAt: null });
    expect(await eventsOf(cs, job)).toEqual(["create", "plan", "plan", "unplan"]);
    const planned = (await cs.jobs.history(job))[1]!;
    expect(planned.data).toEqual({ startAt: first.toISOString() });
  });

  test("can be taken from a queued job, which then is not started", async () => {
    const { cs, create, database } = await aFloor({}, { alone: true });
    const { id } = await create();
    await database.store.transaction((tx) => tx.admitJobs([{ id, turn: 1 }]));
    expect((await cs.jobs.get(id)).state).toBe("queued");
    expect(await cs.jobs.unschedule(id)).toBe("created");
    expect(await eventsOf(cs, id)).toEqual(["create", "unplan"]);
    expect((await cs.jobs.history(id))[1]).toMatchObject({ from: "pending", via: ["queued"], to: "created" });
  });

  test("given to a job that backs off puts its next attempt off, and so does holding it", async () => {
    const { cs, create, stage, work } = await aFloor({ retry: { limit: 1, delayMs: HOUR_MS } });
    await work();
    const job = await create();
    (await stage.nth(1)).throws(new Error("once"));
    await inState(cs, job, "retrying");
    expect(await cs.jobs.hold(job)).toBe("paused");
    expect(await cs.jobs.resume(job)).toBe("scheduled");
    const startAt = later();
    expect(await cs.jobs.schedule(job, startAt)).toBe("scheduled");
    expect(await cs.jobs.get(job)).toMatchObject({ attempt: 1, retries: 1, startAt, dueAt: startAt });
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "hold", "resume", "plan"]);
  });
});

describe("a held job", () => {
  test("is not started until it is resumed, and then at once when its time has passed", async () => {
    const { cs, create, stage, work } = await aFloor();
    const held = await create();
    expect(await cs.jobs.hold(held)).toBe("paused");
    await work();
    const other = await create();
    expect((await stage.nth(1)).context.job.id).toBe(other.id);
    expect((await cs.jobs.get(held)).state).toBe("paused");
    expect(await cs.jobs.resume(held)).toBe("scheduled");
    expect((await stage.nth(2)).context.job.id).toBe(held.id);
    stage.clear();
    await cs.jobs.wait(held);
    expect(await eventsOf(cs, held)).toEqual(["create", "hold", "resume", "complete"]);
  });

  test("keeps a start time that has not come", async () => {
    const { cs, create } = await aFloor();
    const startAt = later();
    const job = await create({ startAt });
    await cs.jobs.hold(job);
    await cs.jobs.resume(job);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "scheduled", startAt, dueAt: startAt });
  });

  test("stays held when its time is changed", async () => {
    const { cs, create } = await aFloor();
    const job = await create();
    await cs.jobs.hold(job);
    const startAt = later();
    expect(await cs.jobs.schedule(job, startAt)).toBe("paused");
    expect(await cs.jobs.resume(job)).toBe("scheduled");
    expect(await cs.jobs.get(job)).toMatchObject({ startAt, dueAt: startAt });
    expect(await eventsOf(cs, job)).toEqual(["create", "hold", "plan", "resume"]);
  });
});

describe("a priority", () => {
  test("can be changed while no attempt lives, and the change is told", async () => {
    const { cs, create, stage, work } = await aFloor();
    const job = await create();
    await cs.as("ada", "breaking news").jobs.setPriority(job, "urgent");
    expect((await cs.jobs.get(job)).priority).toBe("urgent");
    expect((await cs.jobs.history(job)).at(-1)).toMatchObject({
      ...{ event: "set_priority", actor: "ada", reason: "breaking news", from: "pending", to: "pending" },
      data: { priority: "urgent" },
    });
    await work();
    await stage.nth(1);
    const error = await refusal(() => cs.jobs.setPriority(job, "low"));
    expect(error).toMatchObject({ code: "wrong_state", details: { state: "running", operation: "set_priority" } });
    expect((await cs.jobs.get(job)).priority).toBe("urgent");
    stage.clear();
    await cs.jobs.wait(job);
    expect(await eventsOf(cs, job)).toEqual(["create", "set_priority", "complete"]);
  });

  test("of a queued job changes its place in the queue", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    const blocker = await create();
    await work({ slots: 1 });
    expect((await stage.nth(1)).context.job.id).toBe(blocker.id);
    const [first, second] = [await create(), await create()];
    await inState(cs, first, "queued");
    await inState(cs, second, "queued");
    await cs.jobs.setPriority(second, "highest");
    const turnOf = async (id: string) => (await turns(id))[0]!;
    const turns = async (id: string) => {
      const { rows } = await database.db.query<{ turn: number }>({
        text: "select turn::float8 as turn from callsheet.work where job_id = $1",
        values: [id],
      });
      return rows.map(({ turn }) => turn);
    };
    await until(async () => (await turnOf(second.id)) < (await turnOf(first.id)), { what: "The better turn" });
    (await stage.nth(1)).returns();
    expect((await stage.nth(2)).context.job.id).toBe(second.id);
  });
});

describe("an operation in a state that does not allow it", () => {
  const REFUSED: readonly [operation: "unschedule" | "hold" | "resume" | "retry" | "schedule", states: JobState[]][] = [
    ["schedule", ["running", "timed_out", "cancelling", "completed", "partial", "failed", "cancelled", "skipped"]],
    ["unschedule", ["created", "running", "timed_out", "retrying", "paused", "completed", "failed", "cancelled"]],
    ["hold", ["created", "running", "timed_out", "cancelling", "paused", "completed", "failed", "cancelled"]],
    ["resume", ["created", "pending", "queued", "scheduled", "running", "retrying", "completed", "failed"]],
    [
      "retry",
      ["created", "pending", "queued", "scheduled", "running", "cancelling", "paused", "completed", "cancelled"],
    ],
  ];

  test.each(REFUSED)(
    "%s is refused with the operations that are legal now, and changes nothing",
    async (operation, states) => {
      const { cs, database } = await aFloor();
      for (const state of states) {
        const { id } = await aJob(database, { state });
        const before = await cs.jobs.get(id);
        const call = () => (operation === "schedule" ? cs.jobs.schedule(id, later()) : cs.jobs[operation](id));
        const error = await refusal(call);
        expect(error, state).toMatchObject({ code: "wrong_state", details: { id, state } });
        expect(error.message).toContain(state);
        expect(error.details.legal).not.toContain(operation);
        expect(await cs.jobs.get(id)).toEqual(before);
      }
    },
  );

  test.each(["schedule", "unschedule", "hold", "resume", "retry", "cancel"] as const)(
    "%s of a job that does not exist is refused",
    async (operation) => {
      const { cs } = await aFloor();
      const id = "01890000-0000-7000-8000-000000000000";
      const call = () => (operation === "schedule" ? cs.jobs.schedule(id, later()) : cs.jobs[operation](id));
      expect(await refusal(call)).toMatchObject({ code: "job_not_found", details: { id } });
    },
  );
});
