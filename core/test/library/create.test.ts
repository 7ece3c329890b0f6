import pg from "pg";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, refusal } from "../fixtures/floor.ts";

describe("many jobs", () => {
  test("are created in the order of their descriptions, each with its own", async () => {
    const { cs, name } = await aFloor({ configuration: { kind: "batch" } });
    const inputs = Array.from({ length: 300 }, (_, n) => ({ configuration: { n }, tags: [`t${n % 3}`] }));
    const jobs = await cs.jobs.createMany(name, inputs);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(300);
    for (const n of [0, 150, 299])
      expect(await cs.jobs.get(jobs[n]!)).toMatchObject({ configuration: { kind: "batch", n }, tags: [`t${n % 3}`] });
    const page = await cs.jobs.list({ action: name, limit: 1_000 });
    expect(page.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id).reverse());
  });

  test("are refused all together when one of them cannot be created", async () => {
    const { cs, name } = await aFloor();
    const error = await refusal(() => cs.jobs.createMany(name, [{}, { configuration: { text: "\0" } }]));
    expect(error.code).toBe("invalid_argument");
    expect(await cs.jobs.list({ action: name })).toEqual([]);
  });

  test("can be none", async () => {
    const { cs, name } = await aFloor();
    expect(await cs.jobs.createMany(name, [])).toEqual([]);
  });

  test("of more bytes than one statement takes are all stored", async () => {
    const { cs, name } = await aFloor();
    const configuration = { text: "x".repeat(100_000) };
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: 90 }, () => ({ configuration })),
    );
    expect(await cs.jobs.list({ action: name, limit: 1_000 })).toHaveLength(jobs.length);
  });

  test("created one by one at the same time are all stored, however large: a failing one fails alone", async () => {
    const { cs, create, name, database } = await aFloor({}, { alone: true });
    await database.db.query({
      text: `create function callsheet.refuse() returns trigger language plpgsql as $$
        begin if new.configuration ->> 'bad' is not null then raise exception 'refused by a test'; end if; return new; end $$`,
      values: [],
    });
    await database.db.query({
      text: "create trigger refuse before insert on callsheet.job for each row execute function callsheet.refuse()",
      values: [],
    });
    const text = "x".repeat(40_000);
    const calls = Array.from({ length: 400 }, (_, n) =>
      create({ configuration: n === 399 ? { bad: n } : { n, text } }),
    );
    const answers = await Promise.allSettled(calls);
    const refused = answers.filter((answer) => answer.status === "rejected");
    expect(refused.map(({ reason }) => (reason as Error).message)).toEqual([
      "PostgreSQL refused it: refused by a test (P0001).",
    ]);
    expect(answers[399]!.status).toBe("rejected");
    expect(await cs.jobs.list({ action: name, limit: 1_000 })).toHaveLength(399);
  });
});

describe("a job created in the caller's own transaction", () => {
  const inTransaction = async (end: "commit" | "rollback") => {
    const floor = await aFloor();
    const client = new pg.Client({ connectionString: floor.database.url });
    await client.connect();
    await client.query("begin");
    const job = await floor.cs.jobs.create(floor.name, { configuration: { n: 1 } }, { tx: client });
    expect(await refusal(() => floor.cs.jobs.get(job))).toMatchObject({ code: "job_not_found" });
    await client.query(end);
    await client.end();
    return { ...floor, job };
  };

  test("exists when it commits, and runs", async () => {
    const { cs, job, work, stage } = await inTransaction("commit");
    expect((await cs.jobs.get(job)).configuration).toEqual({ n: 1 });
    await work();
    (await stage.nth(1)).returns();
    expect((await cs.jobs.wait(job)).state).toBe("completed");
  });

  test("never existed when it is rolled back", async () => {
    const { cs, job } = await inTransaction("rollback");
    expect(await refusal(() => cs.jobs.get(job))).toMatchObject({ code: "job_not_found" });
  });
});

describe("an idempotency key", () => {
  const request = { configuration: { a: 1, b: { c: 2, d: 3 } }, tags: ["x"] };

  test("answers the first job for the same request, whatever the order of its fields", async () => {
    const { cs, create, name } = await aFloor();
    const first = await create({ ...request, idempotencyKey: "k" });
    const same = { idempotencyKey: "k", tags: ["x"], configuration: { b: { d: 3, c: 2 }, a: 1 } };
    expect(await create(same)).toEqual(first);
    expect(await cs.jobs.createMany(name, [same, same])).toEqual([first, first]);
    expect(await cs.jobs.list({ action: name })).toHaveLength(1);
  });

  test("of another request is refused with the first job's id, and nothing is created beside it", async () => {
    const { cs, create, name } = await aFloor();
    const first = await create({ ...request, idempotencyKey: "k" });
    const other = { ...request, configuration: { a: 2 }, idempotencyKey: "k" };
    const refused = { code: "idempotency_conflict", details: { key: "k", firstJobId: first.id } };
    expect(await refusal(() => create(other))).toMatchObject(refused);
    expect(await refusal(() => cs.jobs.createMany(name, [{}, other, { idempotencyKey: "new" }]))).toMatchObject(
      refused,
    );
    expect((await cs.jobs.list({ action: name })).map(({ id }) => id)).toEqual([first.id]);
  });

  test("makes one job of a hundred requests at the same time", async () => {
    const { cs, create, name } = await aFloor();
    const ids = await Promise.all(Array.from({ length: 100 }, () => create({ ...request, idempotencyKey: "once" })));
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1);
    expect(await cs.jobs.list({ action: name })).toHaveLength(1);
  });

  test("belongs to its action, and lives as long as its job", async () => {
    const { cs, create, name, stage, work } = await aFloor();
    const other = await cs.actions.copy(name, `${name}-copy`);
    await cs.actions.enable(other.name);
    const first = await create({ idempotencyKey: "k" });
    expect((await cs.jobs.create(other.name, { idempotencyKey: "k" })).id).not.toBe(first.id);
    await work();
    (await stage.nth(1)).returns();
    await cs.jobs.wait(first);
    expect(await create({ idempotencyKey: "k" })).toEqual(first);
  });
});

describe("who did it, and why", () => {
  test("stands in the history of everything that is done, and a creator owns its jobs", async () => {
    const { cs, name } = await aFloor();
    const ada = cs.as("ada", "for the late news");
    expect(ada.actor).toBe("ada");
    const job = await ada.jobs.create(name);
    await cs.as("bo").jobs.hold(job);
    await ada.jobs.resume(job);
    await cs.jobs.cancel(job);
    const lines = await cs.jobs.history(job);
    expect(lines.map(({ event, actor, reason }) => [event, actor, reason])).toEqual([
      ["create", "ada", "for the late news"],
      ["hold", "bo", null],
      ["resume", "ada", "for the late news"],
      ["cancel", "system", null],
    ]);
    expect(lines[0]!.data).toEqual({ origin: "library" });
    expect(await cs.jobs.get(job)).toMatchObject({ owner: "ada", origin: "library" });
  });

  test("an owner who is not the creator is named beside it", async () => {
    const { cs, name } = await aFloor();
    const job = await cs.as("ada").jobs.create(name, { owner: "bo" });
    expect((await cs.jobs.get(job)).owner).toBe("bo");
    expect((await cs.jobs.history(job))[0]).toMatchObject({ actor: "ada" });
    await eventsOf(cs, job);
  });

  test("is the actor that Callsheet was opened for, when nobody is named", async () => {
    const { cs, create } = await aFloor({}, { actor: "ingest" });
    expect(await cs.jobs.get(await create())).toMatchObject({ owner: "ingest" });
  });
});

describe("lists and counts", () => {
  test("narrow by what is asked for, page by page", async () => {
    const { cs, create, name, stage, work } = await aFloor({}, { alone: true });
    const [a, b, c] = [
      await create({ owner: "ada", tags: ["x"], target: { type: "asset", id: "1" } }),
      await create({ owner: "bo", tags: ["x", "y"], startAt: null }),
      await create({ owner: "ada", target: { type: "clip", id: "1" } }),
    ];
    const ids = async (filter: Parameters<typeof cs.jobs.list>[0]) =>
      (await cs.jobs.list({ action: name, ...filter })).map(({ id }) => id);
    expect(await ids({ owner: "ada" })).toEqual([c.id, a.id]);
    expect(await ids({ tag: "x" })).toEqual([b.id, a.id]);
    expect(await ids({ tag: "y", owner: "ada" })).toEqual([]);
    expect(await ids({ target: { type: "asset", id: "1" } })).toEqual([a.id]);
    expect(await ids({ states: ["created"] })).toEqual([b.id]);
    expect(await ids({ owner: "nobody" })).toEqual([]);
    expect(await ids({ limit: 2 })).toEqual([c.id, b.id]);
    expect(await ids({ limit: 2, after: b.id })).toEqual([a.id]);
    expect(await cs.jobs.count()).toMatchObject({ created: 1, completed: 0 });
    await work();
    await stage.nth(2);
    expect((await ids({ states: ["running"] })).sort()).toEqual([a.id, c.id].sort());
    stage.clear();
    await until(async () => (await cs.jobs.count()).completed === 2);
    expect((await ids({ states: ["completed"] })).sort()).toEqual([a.id, c.id].sort());
    expect((await ids({ states: ["completed", "created"] })).sort()).toEqual([a.id, b.id, c.id].sort());
  });
});
