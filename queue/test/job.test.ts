import { describe, expect, test } from "vitest";
import { Queue } from "../src/index.ts";
import { aQueue, heard } from "./fixtures/bench.ts";

const MISSING = "01234567-89ab-7cde-8f01-23456789abcd";

describe("a job that was created", () => {
  test("has the defaults, and its id for a name", async () => {
    const queue = await aQueue();
    const job = queue.createJob();
    expect(job).toBeInstanceOf(Queue.Job);
    expect(job.getCleanCopy(true)).toEqual({
      ...{ id: job.id, name: job.id, priority: "normal", timeout: 300_000, retryDelay: 600_000, retryMax: 3 },
      ...{ retryCount: 0, repeat: false, repeatDelay: 300_000, processCount: 0, progress: 0, status: "created" },
      ...{ log: [], dateCreated: job.dateCreated, dateEnable: job.dateEnable, dateStarted: null, dateFinished: null },
      queueId: queue.id,
    });
    expect(job.q).toBe(queue);
    expect(await queue.getJob(job)).toEqual([]);
  });

  test.each([["text"], [42], [[1, 2]], [null], [true]])("carries %j as its data", async (data) => {
    const queue = await aQueue<unknown>();
    const job = queue.createJob(data);
    expect(job).toMatchObject({ data });
    await queue.addJob(job);
    expect(await queue.getJob(job)).toMatchObject([{ data }]);
  });

  test("carries no function, and no property that would hide a method", async () => {
    const queue = await aQueue<unknown>();
    expect(() => queue.createJob(() => {})).toThrow(/data/);
    expect(() => queue.createJob({ update: 1 })).toThrow(/update/);
  });

  test("is told its options one after another", async () => {
    const queue = await aQueue();
    const soon = new Date(Date.now() + 60_000);
    const job = queue.createJob().setName("one").setPriority("highest").setTimeout(0).setRetryMax(1).setRetryDelay(2);
    expect(job.setRepeat(3).setRepeatDelay(4).setDateEnable(soon)).toBe(job);
    const options = { name: "one", priority: "highest", timeout: 0, retryMax: 1, retryDelay: 2, repeat: 3 };
    expect(job).toMatchObject({ ...options, repeatDelay: 4, dateEnable: soon });
    await queue.addJob(job);
    expect(await queue.getJob(job)).toMatchObject([{ ...options, repeatDelay: 4, dateEnable: soon }]);
  });

  const bad: readonly (readonly [setter: string, value: unknown, field: string])[] = [
    ["setName", 1, "name"],
    ["setPriority", "urgent", "priority"],
    ["setTimeout", -1, "timeout"],
    ["setTimeout", "1", "timeout"],
    ["setRetryMax", 1.5, "retryMax"],
    ["setRetryDelay", null, "retryDelay"],
    ["setRepeat", -1, "repeat"],
    ["setRepeatDelay", Number.NaN, "repeatDelay"],
    ["setDateEnable", new Date("never"), "dateEnable"],
    ["setDateEnable", 5, "dateEnable"],
  ];
  test.each(bad)("%s refuses %j, naming %s", async (setter, value, field) => {
    const job = (await aQueue()).createJob() as unknown as Record<string, (value: unknown) => unknown>;
    expect(() => job[setter]!(value)).toThrow(new RegExp(`Job ${field} is invalid`));
  });

  test("is copied without its queue, with the number of its priority unless the name is asked for", async () => {
    const job = (await aQueue()).createJob({ priority: "high", nested: { list: [1] } });
    const copy = job.getCleanCopy();
    expect(copy).toMatchObject({ priority: 20, nested: { list: [1] } });
    expect(copy).not.toHaveProperty("q");
    expect(copy.nested).not.toBe(job.nested);
    expect(job.getCleanCopy(true).priority).toBe("high");
  });
});

describe("adding jobs", () => {
  test("answers a list, of none too", async () => {
    const queue = await aQueue();
    expect(await queue.addJob()).toEqual([]);
    const jobs = [queue.createJob({ n: 1 }), queue.createJob({ n: 2 })];
    const added = heard(queue, "added");
    expect(await queue.addJob(jobs)).toEqual(jobs);
    expect(added).toEqual(jobs.map(({ id }) => ["added", queue.id, id]));
    for (const job of await queue.getJob(jobs)) {
      expect(job).toMatchObject({ status: "added", queueId: queue.id, retryCount: 0, processCount: 0 });
      expect(job.log).toMatchObject([{ queueId: queue.id, status: "added", type: "information", processCount: 0 }]);
      expect(job.getLastLog()).toBe(job.log[0]);
    }
  });

  const wrong: readonly (readonly [field: string, value: unknown])[] = [
    ["id", "not-an-id"],
    ["priority", "urgent"],
    ["status", "done"],
    ["queueId", ""],
    ["timeout", -1],
    ["retryMax", -1],
    ["retryDelay", -1],
    ["repeatDelay", -1],
    ["retryCount", -1],
    ["processCount", -1],
    ["dateCreated", "yesterday"],
    ["dateEnable", new Date("never")],
    ["progress", 101],
    ["progress", -1],
    ["log", "none"],
    ["name", 5],
    ["repeat", -1],
    ["dateStarted", "yesterday"],
    ["dateFinished", new Date("never")],
  ];
  test.each(wrong)("refuses one whose %s is %j", async (field, value) => {
    const queue = await aQueue();
    const errors = heard(queue, "error");
    const job = Object.assign(queue.createJob(), { [field]: value });
    await expect(queue.addJob(job)).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(`Job ${field} is invalid`),
      queueId: queue.id,
    });
    expect(errors).toHaveLength(1);
    expect(await queue.summary()).toMatchObject({ total: 0 });
  });

  test("refuses what createJob did not make, a job that was added before, and what cannot be stored", async () => {
    const queue = await aQueue();
    await expect(queue.addJob({ id: MISSING } as never)).rejects.toThrow(/createJob/);
    const job = queue.createJob();
    await queue.addJob(job);
    await expect(queue.addJob(job)).rejects.toThrow(/added before/);
    await expect(queue.addJob(queue.createJob({ text: "\0" }))).rejects.toThrow(/NUL/);
    expect(await queue.summary()).toMatchObject({ added: 1, total: 1 });
  });

  test.each([
    ["completed", { progress: 100 }],
    ["cancelled", { progress: 0 }],
    ["terminated", { progress: 0 }],
    ["failed", { progress: 0 }],
  ])("keeps a status of %s that the job was given, as an import without attempts", async (status, more) => {
    const queue = await aQueue();
    const job = Object.assign(queue.createJob({ to: "ada" }), { status, retryCount: 2 });
    await queue.addJob(job);
    expect(await queue.getJob(job)).toMatchObject([{ status, to: "ada", retryCount: 2, processCount: 0, ...more }]);
    const cs = await queue.r();
    expect(await cs.jobs.history(job.id)).toMatchObject([{ seq: 1, event: "import", from: null, attempt: null }]);
    await expect(queue.addJob(Object.assign(queue.createJob(), { id: job.id, status }))).rejects.toThrow(
      /added before/,
    );
  });
});

test("a job that was active elsewhere has failed, and is due again when it would have timed out", async () => {
  const queue = await aQueue();
  const dateEnable = new Date(Date.now() + 3_600_000);
  const job = queue.createJob({ status: "active", retryCount: 1, dateEnable });
  await queue.addJob(job);
  expect(job.status).toBe("failed");
  expect(await queue.getJob(job)).toMatchObject([{ status: "failed", retryCount: 1, processCount: 0, dateEnable }]);
});

describe("reading jobs", () => {
  test("gives those that are there, and refuses what is no id", async () => {
    const queue = await aQueue();
    const jobs = await queue.addJob([queue.createJob({ n: 1 }), queue.createJob({ n: 2 })]);
    const ids = jobs.map(({ id }) => id);
    expect((await queue.getJob(ids)).map(({ id }) => id)).toEqual(ids);
    expect(await queue.getJob(jobs[0])).toHaveLength(1);
    expect(await queue.getJob(MISSING)).toEqual([]);
    expect(await queue.getJob()).toEqual([]);
    await expect(queue.getJob("no id")).rejects.toThrow(/Job id is invalid/);
    await expect(queue.getJob([ids[0]!, 5 as never])).rejects.toThrow(/Job id is invalid/);
  });

  test("shows no job of another queue", async () => {
    const [one, other] = [await aQueue(), await aQueue()];
    const [job] = await one.addJob(one.createJob());
    expect(await other.getJob(job)).toEqual([]);
    await expect(other.cancelJob(job)).rejects.toMatchObject({ code: "job_not_found" });
    await expect(other.reanimateJob(job)).rejects.toMatchObject({ code: "job_not_found" });
    expect(await other.removeJob(job)).toEqual([job!.id]);
    expect(await one.getJob(job)).toHaveLength(1);
  });

  test("finds by properties, those within objects included, oldest first, and by a function", async () => {
    const queue = await aQueue();
    const make = (n: number) => queue.createJob({ n, to: { name: n < 2 ? "ada" : "bob", town: "London" }, list: [n] });
    const jobs = await queue.addJob([0, 1, 2].map(make));
    const numbers = async (predicate: Parameters<typeof queue.findJob>[0]) =>
      (await queue.findJob(predicate)).map(({ n }) => n);
    expect(await numbers({ to: { name: "ada" } })).toEqual([0, 1]);
    expect(await numbers({ list: [2] })).toEqual([2]);
    expect(await numbers({ list: [] })).toEqual([]);
    expect(await numbers({ status: "waiting", priority: 40 })).toEqual([0, 1, 2]);
    expect(await numbers({ id: jobs[1]!.id })).toEqual([1]);
    expect(await numbers({ dateCreated: jobs[2]!.dateCreated, n: 2 })).toEqual([2]);
    expect(await numbers((job) => (job.n as number) > 0)).toEqual([1, 2]);
    const [raw] = await queue.findJob({ n: 0 }, true);
    expect(raw).not.toBeInstanceOf(Queue.Job);
    expect(raw).toMatchObject({ n: 0, priority: 40, status: "added" });
    await expect(queue.findJob("all" as never)).rejects.toThrow(/object or a function/);
  });

  test("finds by name; a job without one has its id", async () => {
    const queue = await aQueue();
    const jobs = await queue.addJob([
      queue.createJob({ name: "one", n: 1 }),
      queue.createJob(),
      queue.createJob({ name: "one", n: 2 }),
    ]);
    expect((await queue.findJobByName("one")).map(({ n }) => n)).toEqual([1, 2]);
    expect(await queue.findJobByName("one", true)).toMatchObject([{ n: 1 }, { n: 2 }]);
    expect(await queue.findJobByName(jobs[1]!.id)).toMatchObject([{ id: jobs[1]!.id }]);
    expect(await queue.findJobByName(jobs[0]!.id)).toEqual([]);
    expect(await Promise.all(["one", jobs[1]!.id, "two"].map((name) => queue.containsJobByName(name)))).toEqual([
      true,
      true,
      false,
    ]);
    await expect(queue.findJobByName("")).rejects.toThrow(/name/);
  });

  test("finds those that were brought over by their age too, whatever their ids are", async () => {
    const queue = await aQueue();
    const [first, last] = ["0f9d1c4e-0d5b-4f5c-8a4e-6f4f0c7f9a10", "f0db8d5c-42a5-4b1b-9c54-0e27a5a1f4b9"];
    const aged = (id: string, day: number) =>
      queue.createJob({ id, name: "old", status: "completed", dateCreated: new Date(Date.UTC(2018, 1, day)) });
    await queue.addJob([aged(first!, 2), aged(last!, 1)]);
    expect((await queue.findJob({})).map(({ id }) => id)).toEqual([last, first]);
    expect((await queue.findJobByName("old")).map(({ id }) => id)).toEqual([last, first]);
  });
});

describe("changing a job", () => {
  test("stores what changed, keeps what others changed, and logs the old values", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob({ a: 1, b: 1, gone: true, deep: { n: 1 } }));
    const [other] = await queue.getJob(job);
    Object.assign(other!, { b: 2 });
    await other!.update();
    const updated = heard(queue, "updated");
    Object.assign(job!, { a: 2, gone: undefined, priority: "high" });
    (job!.deep as { n: number }).n = 2;
    expect(await job!.update()).toBe(job);
    expect(updated).toEqual([["updated", queue.id, job!.id]]);
    const [stored] = await queue.getJob(job);
    expect(stored).toMatchObject({ a: 2, b: 2, deep: { n: 2 }, priority: "high", status: "added" });
    expect(stored).not.toHaveProperty("gone");
    const old = { a: 1, gone: true, deep: { n: 1 }, priority: "normal" };
    expect(stored!.getLastLog()).toMatchObject({ data: old, queueId: queue.id });
    expect(job!.getLastLog()!.data).toEqual(stored!.getLastLog()!.data);
    expect(await (await queue.r()).jobs.get(job!.id)).toMatchObject({ priority: "highest" });
  });

  test("moves the time at which it may begin", async () => {
    const queue = await aQueue();
    const later = new Date(Date.now() + 3_600_000);
    const [job] = await queue.addJob(queue.createJob());
    const before = job!.dateEnable.toISOString();
    job!.setDateEnable(later);
    await job!.update();
    const [planned] = await queue.getJob(job);
    expect(planned!.log.map(({ data }) => data)).toContainEqual({ dateEnable: before });
    expect(await queue.getJob(job)).toMatchObject([{ dateEnable: later, status: "added" }]);
    job!.setDateEnable(new Date(later.getTime() + 1));
    await job!.update();
    expect(await queue.getJob(job)).toMatchObject([{ dateEnable: new Date(later.getTime() + 1) }]);
  });

  test("needs one that was added", async () => {
    const job = (await aQueue()).createJob();
    await expect(job.update()).rejects.toMatchObject({ code: "wrong_state" });
    await expect(job.addLog({})).rejects.toMatchObject({ code: "wrong_state" });
    await expect(job.updateProgress(5)).rejects.toMatchObject({ code: "wrong_state" });
    expect(job.getLastLog()).toBeUndefined();
  });

  test("adds entries to its log, with defaults", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob());
    const logs = heard(queue, "log");
    expect(await job!.addLog()).toBe(true);
    expect(await job!.addLog({ n: 1 }, "said", "warning", "failed")).toBe(true);
    expect(logs).toEqual(new Array(2).fill(["log", queue.id, job!.id]));
    const [stored] = await queue.getJob(job);
    const counts = { queueId: queue.id, retryCount: 0, processCount: 0 };
    expect(stored!.log.slice(1)).toMatchObject([
      { data: {}, message: "", type: "information", status: "added", ...counts },
      { data: { n: 1 }, message: "said", type: "warning", status: "failed", ...counts },
    ]);
    expect(job!.log).toMatchObject(stored!.log.map(({ message, type }) => ({ message, type })));
  });

  test("refuses an entry that is none, naming what is wrong", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob());
    await expect(job!.addLog({}, 5 as never)).rejects.toThrow(/log message/);
    await expect(job!.addLog({}, "said", "info" as never)).rejects.toThrow(/log type.*information/);
    await expect(job!.addLog({}, "said", "error", "done" as never)).rejects.toThrow(/log status.*created/);
    expect((await queue.getJob(job))[0]!.log).toHaveLength(1);
  });

  test("shows the newest entries of a long log, and how many it does not", async () => {
    const queue = await aQueue({ limitJobLogs: 3 });
    const [job] = await queue.addJob(queue.createJob());
    for (let n = 1; n <= 5; n++) await job!.addLog({ n }, `entry ${n}`);
    const [stored] = await queue.getJob(job);
    expect(stored!.log.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Job log shortened/),
      "entry 4",
      "entry 5",
    ]);
  });
});
