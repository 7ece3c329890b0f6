import { expect, onTestFinished, test, vi } from "vitest";
import { Bus } from "../../src/engine/bus.ts";
import { Callsheet, type Environment, systemEnvironment } from "../../src/index.ts";
import { Client } from "../../src/store/driver/client.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";

/** The world as it is, but for timers: none rings until it is let go on. */
function anEnvironmentAtItsBeginning(): { readonly environment: Environment; readonly goOn: () => void } {
  const environment = systemEnvironment();
  let isBeginning = true;
  const after: Environment["timers"]["after"] = (ms, call) =>
    isBeginning ? { cancel: () => {} } : environment.timers.after(ms, call);
  const goOn = () => {
    isBeginning = false;
  };
  return { environment: { ...environment, timers: { ...environment.timers, after } }, goOn };
}

/** What is asked from now on, by the connection that it is asked on. */
function listenIn(): ReadonlyMap<string, readonly string[]> {
  const asked = new Map<string, string[]>();
  const { ask } = Client.prototype;
  const spy = vi.spyOn(Client.prototype, "ask").mockImplementation(function (this: Client, query, mayTakeMs) {
    const { application_name: name } = (this as unknown as { connectionParameters: { application_name: string } })
      .connectionParameters;
    asked.set(name, [...(asked.get(name) ?? []), query.name ?? query.text.trim()]);
    return ask.call(this, query, mayTakeMs);
  });
  onTestFinished(() => spy.mockRestore());
  return asked;
}

/** The next connection of this name is refused, and those after it are not. */
function refuseOnce(name: string, refusal: Error): void {
  const { connect } = Client.prototype;
  const spy = vi.spyOn(Client.prototype, "connect").mockImplementation(function (this: Client, ...rest: unknown[]) {
    const { connectionParameters } = this as unknown as { connectionParameters: { application_name: string } };
    if (connectionParameters.application_name !== name)
      return (connect as (...all: unknown[]) => Promise<never>).apply(this, rest);
    spy.mockRestore();
    return Promise.reject(refusal);
  } as typeof connect);
  onTestFinished(() => spy.mockRestore());
}

/** The next connection of this name is not made before it is let through. */
function holdBack(name: string): { readonly letThrough: () => void } {
  const { connect } = Client.prototype;
  let letThrough = () => {};
  const isLetThrough = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const spy = vi.spyOn(Client.prototype, "connect").mockImplementation(async function (
    this: Client,
    ...rest: unknown[]
  ) {
    const { connectionParameters } = this as unknown as { connectionParameters: { application_name: string } };
    if (connectionParameters.application_name === name) await isLetThrough;
    return (connect as (...all: unknown[]) => Promise<never>).apply(this, rest);
  } as typeof connect);
  onTestFinished(() => {
    letThrough();
    spy.mockRestore();
  });
  return { letThrough };
}

/** A world in which no time passes, and what waits for longer than a moment waits for ever. */
function anEnvironmentOfMoments(): Environment {
  const environment = systemEnvironment();
  const after: Environment["timers"]["after"] = (ms, call) =>
    ms < 1_000 ? environment.timers.after(ms, call) : { cancel: () => {} };
  return { ...environment, monotonic: () => 0, timers: { ...environment.timers, after } };
}

test("a database that is up to date is asked one question when it is opened", async () => {
  const { database } = await aFloor();
  const asked = listenIn();
  await database.open();
  expect(asked.get("callsheet")).toEqual([
    expect.stringContaining("set_config"),
    expect.stringContaining("from callsheet.migration"),
  ]);
});

test("what a node connects by that starts soon is reached while the database is opened", async () => {
  const { database, stage, create } = await aFloor({}, { alone: true });
  const job = await create();
  const { ask, reach } = Client.prototype;
  const reached: Client[] = [];
  const reaching = vi.spyOn(Client.prototype, "reach").mockImplementation(async function (this: Client) {
    await reach.call(this);
    reached.push(this);
  });
  const asking = vi.spyOn(Client.prototype, "ask").mockImplementation(async function (this: Client, query, mayTakeMs) {
    const answer = await ask.call(this, query, mayTakeMs);
    if (query.text.includes("callsheet.migration"))
      await until(() => reached.length === 3, { what: "Two connections" });
    return answer;
  });
  onTestFinished(() => {
    reaching.mockRestore();
    asking.mockRestore();
  });
  const cs = await database.open({ worksSoon: true });
  await cs.work({ name: "new", types: [stage.type] });
  (await stage.nth(1)).returns();
  await cs.jobs.wait(job);
  const pids = () => reached.slice(0, 3).map(({ session }) => session?.pid);
  await until(() => pids().every((pid) => pid !== undefined), { what: "The use of all three" });
  const { rows } = await database.db.query<{ name: string }>({
    text: "select application_name as name from pg_stat_activity where pid = any($1) order by 1",
    values: [pids()],
  });
  expect(rows.map(({ name }) => name)).toEqual(["callsheet", "callsheet claim new", "callsheet finish new"]);
});

test("of what a node connects by only the first is connected at once: the machine is its first job's", async () => {
  const { environment, goOn } = anEnvironmentAtItsBeginning();
  const { database } = await aFloor();
  onTestFinished(goOn);
  const reaching = vi.spyOn(Client.prototype, "reach");
  onTestFinished(() => reaching.mockRestore());
  await database.open({ worksSoon: true, environment });
  expect(new Set(reaching.mock.contexts).size).toBe(2);
});

test("a connection that was made ahead keeps the name that the address gives to all", async () => {
  const { database, stage, create } = await aFloor({}, { alone: true });
  await create();
  const url = new URL(database.url);
  url.searchParams.set("application_name", "mine");
  const cs = await Callsheet.open({ databaseUrl: url.href, worksSoon: true });
  onTestFinished(() => cs.close());
  await cs.work({ name: "new", types: [stage.type] });
  await stage.nth(1);
  stage.clear();
  const { rows } = await database.db.query({
    text: "select from pg_stat_activity where datname = current_database() and application_name like 'callsheet claim%'",
    values: [],
  });
  expect(rows).toEqual([]);
});

test("a connection that was made ahead and failed, or that nobody needed, is no trouble", async () => {
  const { database, stage, create } = await aFloor({}, { alone: true });
  await create();
  const { reach } = Client.prototype;
  const spy = vi.spyOn(Client.prototype, "reach").mockImplementation(function (this: Client) {
    spy.mockImplementation(reach);
    return Promise.reject(new Error("no room"));
  });
  onTestFinished(() => spy.mockRestore());
  const cs = await database.open({ worksSoon: true });
  await cs.work({ name: "new", types: [stage.type] });
  await stage.nth(1);
  await (await database.open({ worksSoon: true })).close();
});

test("the first claim is planned while the server looks whether it has its history", async () => {
  const { work, create, stage } = await aFloor({}, { alone: true });
  await create();
  const { ask } = Client.prototype;
  let isPlanned = false;
  const spy = vi.spyOn(Client.prototype, "ask").mockImplementation(async function (this: Client, query, mayTakeMs) {
    isPlanned ||= query.name === "claim";
    const answer = await ask.call(this, query, mayTakeMs);
    if (query.text.includes("follow_history")) await until(() => isPlanned, { what: "The plan of a claim" });
    return answer;
  });
  onTestFinished(() => spy.mockRestore());
  await work({ name: "new" });
  await stage.nth(1);
});

test("a node that starts asks for its number and its lanes, and claims by a statement that is planned meanwhile", async () => {
  const { environment, goOn } = anEnvironmentAtItsBeginning();
  const { work, create, stage } = await aFloor({}, { alone: true, environment });
  onTestFinished(goOn);
  await create();
  const asked = listenIn();
  await work({ name: "new" });
  await stage.nth(1);
  expect(asked.get("callsheet claim new")).toEqual([
    expect.stringContaining("set_config"),
    expect.stringContaining("follow_history"),
    "claim",
    "complete",
    "claim",
  ]);
  // Lanes are read again once it hears of new ones. No duty has looked around yet.
  const others = new Set(asked.get("callsheet")?.filter((text) => !text.includes("set_config")));
  expect([...others]).toEqual([expect.stringContaining("insert into callsheet.node"), "lanes"]);
});

test("a node that starts connects for nothing else before it has claimed", async () => {
  const { work, create, stage, database } = await aFloor({}, { alone: true });
  await create();
  const asked = listenIn();
  let working: Promise<unknown> | undefined;
  await database.db.transaction(async (tx) => {
    await tx.query({ text: "lock table callsheet.work in access exclusive mode", values: [] });
    working = work({ name: "new" });
    await until(() => asked.get("callsheet claim new")?.[4], { what: "Its first claim" });
    expect(asked.has("callsheet finish new") || asked.has("callsheet listen")).toBe(false);
  });
  await working;
  await stage.nth(1);
  expect(asked.has("callsheet listen")).toBe(true);
});

test("a node that cannot open its second connection at once opens it later, and loses no end", async () => {
  const { cs, work, create, stage } = await aFloor({}, { alone: true });
  refuseOnce("callsheet finish new", new Error("no room"));
  await work({ name: "new" });
  for (const n of [1, 2, 3]) {
    const job = await create();
    (await stage.nth(n)).returns("done");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "done" });
  }
  expect(vi.isMockFunction(Client.prototype.connect)).toBe(false);
});

test("the first end goes with the claims, where its statement is planned; those after it have a connection of their own", async () => {
  const { cs, work, create, stage } = await aFloor({}, { alone: true });
  const asked = listenIn();
  await work({ name: "new" });
  await until(() => asked.get("callsheet claim new")?.[3] === "complete", { what: "The plan of its first end" });
  for (const n of [1, 2]) {
    const job = await create();
    const attempt = await stage.nth(n);
    expect(asked.has("callsheet finish new")).toBe(n > 1);
    attempt.returns();
    await cs.jobs.wait(job);
    await until(() => asked.has("callsheet finish new"), { what: "Its second connection" });
  }
  const ends = (line: string) => asked.get(line)?.filter((name) => name === "complete").length;
  expect([ends("callsheet claim new"), ends("callsheet finish new")]).toEqual([2, 2]);
});

test("a backlog has its second connection before its first end", async () => {
  const { work, create, stage } = await aFloor({}, { alone: true });
  for (let n = 0; n < 10; n++) await create();
  const asked = listenIn();
  await work({ name: "new", slots: 10 });
  await stage.nth(10);
  await until(() => asked.get("callsheet finish new")?.[1], { what: "The plan of its ends" });
  expect(asked.get("callsheet claim new")?.filter((name) => name === "complete")).toHaveLength(1);
});

test("a node whose listener is cut off while it is opened stays, with the job that it has begun", async () => {
  const { cs, work, create, stage } = await aFloor({}, { alone: true, onError: () => {} });
  const job = await create();
  refuseOnce("callsheet listen", Object.assign(new Error("cut"), { code: "ECONNRESET" }));
  await work({ name: "new" });
  expect(vi.isMockFunction(Client.prototype.connect)).toBe(false);
  (await stage.nth(1)).returns("done");
  expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1 });
  expect(await cs.nodes.list()).toMatchObject([{ name: "new", state: "up" }]);
});

test("what others do from a node's beginning until it hears of them is found then", async () => {
  const environment = anEnvironmentOfMoments();
  const { cs, database, action, create, stage } = await aFloor({ cancellable: "asks" }, { alone: true, environment });
  const job = await create();
  const listener = holdBack("callsheet listen");
  let working: Promise<unknown> | undefined;
  await new Promise<unknown>((onBegun) => {
    working = cs.work({ name: "new", types: [stage.type], onBegun });
  });
  const { signal } = (await stage.nth(1)).context;
  const other = await database.open();
  await other.jobs.cancel(job);
  await other.jobs.create(action.name);
  expect([stage.entered.length, signal.aborted]).toEqual([1, false]);
  listener.letThrough();
  await working;
  await stage.nth(2);
  await until(() => signal.aborted, { what: "The cancel" });
});

test("a node that cannot hear of jobs does not stay, and its name is free again", async () => {
  const { work, create, stage, database } = await aFloor({}, { alone: true });
  const deaf = vi.spyOn(Bus.prototype, "listen").mockRejectedValueOnce(new Error("no ears"));
  onTestFinished(() => deaf.mockRestore());
  await expect(work({ name: "deaf" })).rejects.toThrow("no ears");
  const { rows } = await database.db.query({ text: "select name, state from callsheet.node", values: [] });
  expect(rows).toEqual([{ name: "deaf", state: "gone" }]);
  await work({ name: "deaf" });
  await create();
  await stage.nth(1);
});
