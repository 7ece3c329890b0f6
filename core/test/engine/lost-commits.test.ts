import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Callsheet, type CallsheetOptions, defineActionType, elsewhere, systemEnvironment } from "../../src/index.ts";
import { once } from "../../src/store/receipt.ts";
import { openTestDatabase, until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, type Floor, inState } from "../fixtures/floor.ts";
import { aProxy, type Stretch } from "../fixtures/proxy.ts";

/** A floor, and a second Callsheet that reaches its database by a proxy. */
async function aFloorBehind(
  fields: Parameters<typeof aFloor>[0] = {},
  options: CallsheetOptions = {},
): Promise<{ readonly floor: Floor; readonly proxy: Stretch; readonly cs: Callsheet; readonly troubles: unknown[] }> {
  const floor = await aFloor(fields, { alone: true });
  const proxy = await aProxy(floor.database.url);
  const troubles: unknown[] = [];
  const onError = (_: string, error: unknown) => void troubles.push(error);
  const cs = await Callsheet.open({ databaseUrl: proxy.url, onError, ...options });
  onTestFinished(() => {
    floor.stage.clear();
    return cs.close();
  });
  return { floor, proxy, cs, troubles };
}

type Behind = Awaited<ReturnType<typeof aFloorBehind>>;

/** A connection is cut before COMMIT reaches the server, or between its commit and the answer. */
const CUTS = ["before", "after"] as const;
const RECEIPT = "callsheet.receipt (id)";
const HOUR_MS = 3_600_000;

interface Operation {
  readonly name: string;
  readonly input?: { readonly startAt: Date | null };
  readonly act: (cs: Callsheet, id: string) => Promise<unknown>;
  readonly answer?: unknown;
  readonly events: readonly string[];
}

const later = () => ({ startAt: new Date(Date.now() + HOUR_MS) });
const OPERATIONS: readonly Operation[] = [
  { name: "hold", input: later(), act: (cs, id) => cs.jobs.hold(id), answer: "paused", events: ["hold"] },
  { name: "cancel", input: later(), act: (cs, id) => cs.jobs.cancel(id), answer: "cancelled", events: ["cancel"] },
  {
    name: "unschedule",
    input: later(),
    act: (cs, id) => cs.jobs.unschedule(id),
    answer: "created",
    events: ["unplan"],
  },
  {
    name: "schedule",
    input: { startAt: null },
    act: (cs, id) => cs.jobs.schedule(id, new Date(Date.now() + HOUR_MS)),
    answer: "scheduled",
    events: ["plan"],
  },
  { name: "amend", input: later(), act: (cs, id) => cs.jobs.amend(id, { a: 1 }), answer: 2, events: ["amend"] },
  { name: "setPriority", input: later(), act: (cs, id) => cs.jobs.setPriority(id, "high"), events: ["set_priority"] },
];

describe.each(CUTS)("an operation whose connection is cut %s its commit", (when) => {
  test.each(OPERATIONS)("$name: is done once, and says what it did", async ({ input, act, answer, events }) => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { id } = await floor.create(input);
    const cut = proxy.cutAtCommit(RECEIPT, when);
    expect(await act(cs, id)).toEqual(answer);
    await cut;
    expect(await eventsOf(floor.cs, id)).toEqual(["create", ...events]);
  });

  test("of what jobs contend for: resources, limits, pauses, quarantine, actions", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const cutting = async <T>(act: () => Promise<T>): Promise<T> => {
      const cut = proxy.cutAtCommit(RECEIPT, when);
      const answer = await act();
      await cut;
      return answer;
    };
    expect(await cutting(() => cs.resources.put("gpu", { capacity: 2 }))).toMatchObject({ capacity: 2 });
    expect(await cutting(() => cs.limits.put({ queue: "a" }, { running: 3 }))).toMatchObject({ running: 3 });
    expect(await cutting(() => cs.pauses.pause({ queue: "a" }, "why"))).toMatchObject({ reason: "why" });
    await cutting(() => cs.pauses.resume({ queue: "a" }));
    await cutting(() => cs.locks.quarantine("asset/1", "odd"));
    expect(await cutting(() => cs.locks.release("asset/1"))).toMatchObject({ quarantine: null });
    await cutting(() => cs.limits.remove({ queue: "a" }));
    expect(await cutting(() => cs.actions.change(floor.name, { description: "new" }))).toMatchObject({ version: 2 });
    expect(await cutting(() => cs.actions.copy(floor.name, "copied"))).toMatchObject({ version: 1 });
    await cutting(() => cs.actions.remove("copied"));
    expect((await floor.cs.actions.list()).map(({ name, version }) => [name, version])).toEqual([[floor.name, 2]]);
    expect(await floor.cs.limits.list()).toEqual([]);
  });

  test("of a failed attempt: it is retried once, and is no word of a superseded one", async () => {
    const { floor, proxy, cs } = await aFloorBehind({ retry: { limit: 1, delayMs: 1, jitter: 0 } });
    const node = await cs.work({ name: "behind", types: [floor.stage.type], slots: 1 });
    const job = await floor.create();
    const first = await floor.stage.nth(1);
    const cut = proxy.cutAtCommit(RECEIPT, when);
    first.throws(new Error("once"));
    await cut;
    (await floor.stage.nth(2)).returns("done");
    expect(await inState(floor.cs, job, "completed")).toMatchObject({ attempt: 2, retries: 1, result: "done" });
    expect((await eventsOf(floor.cs, job)).filter((event) => event === "back_off")).toHaveLength(1);
    expect(node.refused).toBe(0);
  });
});

/** A node behind a proxy whose first handler is entered, before a table of its own to write to. */
async function aShop(options: CallsheetOptions = {}) {
  const behind = await aFloorBehind({ lock: "exclusive" }, options);
  const { floor, cs } = behind;
  const ask = (text: string) => floor.database.db.query<{ what: string }>({ text, values: [] });
  await ask("create table sale (what text)");
  const node = await cs.work({ name: "behind", types: [floor.stage.type], slots: 1 });
  const [job, next] = await cs.jobs.createMany(
    floor.name,
    [1, 2].map(() => ({ target: { type: "asset", id: "A" } })),
  );
  const { context, returns } = await floor.stage.nth(1);
  const sell = () =>
    context.transaction(async (client) => {
      await client.query("insert into sale values ('one')");
      return "sold";
    });
  const sales = async () => (await ask("select what from sale")).rows.map(({ what }) => what);
  /** Its writes and its end stand, once, and who stood in line behind it goes on. */
  const expectDone = async () => {
    returns("which counts no more");
    expect(await floor.cs.jobs.get(job!)).toMatchObject({ state: "completed", attempt: 1, result: "sold" });
    expect(await sales()).toEqual(["one"]);
    (await floor.stage.nth(2)).returns();
    await inState(floor.cs, next!, "completed");
    expect(node.refused).toBe(0);
  };
  return { ...behind, sell, expectDone };
}

describe("a transaction in which a handler completes its job", () => {
  test.each(CUTS)("is done once when its connection is cut %s its commit", async (when) => {
    const { proxy, sell, expectDone } = await aShop();
    const cut = proxy.cutAtCommit(RECEIPT, when);
    expect(await sell()).toBe("sold");
    await cut;
    await expectDone();
  });

  test("whose answer is lost lets its handler wait for as long as nobody can be asked", async () => {
    const system = systemEnvironment();
    let passedMs = 0;
    const { proxy, sell, expectDone } = await aShop({
      environment: { ...system, monotonic: () => system.monotonic() + passedMs },
      patience: { connect: 300, hot: 2_000 },
    });
    const cut = proxy.cutAtCommit(RECEIPT, "after");
    const sold = sell();
    await cut;
    proxy.swallow("up", "down");
    const before = proxy.count;
    await until(() => proxy.count > before, { what: "A question" });
    // An operation would give up now.
    passedMs = 11_000;
    await until(() => proxy.count > before + 3, { what: "More questions" });
    proxy.flow();
    expect(await sold).toBe("sold");
    await expectDone();
  });
});

/** Cuts every connection on which a node takes what it looks after, until it has taken some of these rows and does not know. */
async function cutTaking<T>({ floor, proxy }: Behind, rows: string, act: () => Promise<T>): Promise<T> {
  const { db } = floor.database;
  const next = () => proxy.cutAtCommit(`update callsheet.${rows} set node_id`, "after");
  let cut = next();
  const acting = act();
  do {
    await cut;
    cut = next();
  } while ((await db.query({ text: `select from callsheet.${rows} where node_id > 0`, values: [] })).count === 0);
  return acting;
}

describe("an answer that is lost after the server has committed", () => {
  test.each([
    ["that plain jobs are completed", {}, "\0complete\0"],
    ["that jobs with a unit and a lock are completed", { needs: { gpu: 1 }, lock: "exclusive" as const }, "free_alone"],
  ])("%s: it is looked up; nothing is refused, and all are told of", async (_, fields, text) => {
    const { floor, proxy, cs } = await aFloorBehind();
    await floor.cs.resources.put("gpu", { capacity: 2 });
    await floor.cs.actions.change(floor.name, fields);
    const told: { readonly ids: readonly string[]; readonly refused: readonly string[] }[] = [];
    const node = await cs.work({
      ...{ name: "behind", types: [floor.stage.type], slots: 1 },
      onStored: (ids, ends) => void told.push({ ids, refused: ends?.refused ?? [] }),
    });
    const target = { target: { type: "asset", id: "1" } };
    const job = await floor.create(target);
    const first = await floor.stage.nth(1);
    const cut = proxy.cutAtCommit(text, "after");
    first.returns("done");
    await cut;
    await until(() => told.length > 0, { what: "The word that it is stored" });
    expect(told).toEqual([{ ids: [job.id], refused: [] }]);
    expect(node.refused).toBe(0);
    expect(await floor.cs.jobs.get(job)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
    // What it held is free: the next one runs.
    const next = await floor.create(target);
    (await floor.stage.nth(2)).returns();
    await inState(floor.cs, next, "completed");
  });

  test("that jobs are claimed: they are handed back, and run once", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    await cs.work({ name: "behind", types: [floor.stage.type], slots: 1 });
    (await floor.create().then(() => floor.stage.nth(1))).returns();
    const cut = proxy.cutAtCommit("\0claim\0", "after");
    const job = await floor.create();
    await cut;
    (await floor.stage.nth(2)).returns();
    await inState(floor.cs, job, "completed");
    expect(floor.stage.entered).toHaveLength(2);
    await eventsOf(floor.cs, job);
  });

  test("that a rollback is taken: its node takes it anew", async () => {
    const behind = await aFloorBehind();
    const { floor, cs } = behind;
    const undone: number[] = [];
    const type = defineActionType({
      ...{ type: "making", version: 1, configuration: z.object({}) },
      undo: { made: async (_: unknown, { attempt }: { readonly attempt: number }) => void undone.push(attempt) },
      run: async ({ undo }) => {
        await undo("made", {});
        throw new Error("no");
      },
    });
    const making = await cs.actions.put({ name: "making", type });
    await cs.work({ name: "behind", types: [type], slots: 1 });
    const { id } = await cutTaking(behind, "rollback r", () => cs.jobs.create(making, {}));
    expect(await floor.cs.jobs.wait(id)).toMatchObject({ state: "failed", rollback: "done" });
    expect(undone).toEqual([1]);
  });

  test("that work elsewhere is looked at: its node looks anew", async () => {
    const behind = await aFloorBehind();
    const { floor, cs } = behind;
    const type = defineActionType({
      ...{ type: "away", version: 1, configuration: z.object({}), pollEveryMs: 100 },
      ...{ run: async () => elsewhere({}), poll: async () => "found" },
    });
    const away = await cs.actions.put({ name: "away", type });
    await cs.work({ name: "behind", types: [type], slots: 1 });
    const { id } = await cutTaking(behind, "elsewhere e", () => cs.jobs.create(away, {}));
    expect(await floor.cs.jobs.wait(id)).toMatchObject({ state: "completed", result: "found", attempt: 1 });
  });

  test("that a job is created: it is there once, and its caller has its id", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const cut = proxy.cutAtCommit("insert into callsheet.job", "after");
    const { id } = await cs.jobs.create(floor.name, { startAt: null });
    await cut;
    expect((await floor.cs.jobs.list()).map((job) => job.id)).toEqual([id]);
    const cutAgain = proxy.cutAtCommit("insert into callsheet.job", "after");
    const keyed = await cs.jobs.createMany(
      floor.name,
      [1, 2].map((n) => ({ startAt: null, idempotencyKey: `k${n}` })),
    );
    await cutAgain;
    expect(new Set((await floor.cs.jobs.list()).map((job) => job.id))).toEqual(
      new Set([id, ...keyed.map((job) => job.id)]),
    );
  });

  test("that a node is registered: it is up once, under its own number", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const cut = proxy.cutAtCommit("insert into callsheet.node", "after");
    await cs.work({ name: "behind", types: [floor.stage.type] });
    await cut;
    expect((await floor.database.store.standingNodes()).map(({ name }) => name)).toEqual(["behind"]);
    const job = await floor.create();
    (await floor.stage.nth(1)).returns();
    await inState(floor.cs, job, "completed");
  });
});

describe("a transaction with a receipt", () => {
  test("whose COMMIT was answered to nobody is known by it, and is not done again; it is kept for a day", async () => {
    const database = await openTestDatabase();
    onTestFinished(() => database.close());
    await database.db.query({ text: "create table counted (n int)", values: [] });
    let runs = 0;
    await once({ ...database.db, transaction: vanishing(database.db) }, async (tx) => {
      runs += 1;
      await tx.query({ text: "insert into counted values (1)", values: [] });
    });
    const { rows } = await database.db.query({ text: "select n from counted", values: [] });
    expect({ rows, runs }).toEqual({ rows: [{ n: 1 }], runs: 1 });
    await database.store.forgetReceipts();
    await database.db.query({ text: "update callsheet.receipt set at = at - interval '2 days'", values: [] });
    await database.store.forgetReceipts();
    expect((await database.db.query({ text: "select from callsheet.receipt", values: [] })).count).toBe(0);
  });
});

/** Commits, and says that the connection was lost. */
const vanishing =
  (db: Parameters<typeof once>[0]): Parameters<typeof once>[0]["transaction"] =>
  async (work) => {
    await db.transaction(work);
    throw Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
  };
