import { openTemporaryServer, stopServer } from "@callsheet/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PulseWord } from "../../src/engine/heartbeat/pulse.ts";
import { LEASE_MS } from "../../src/engine/heartbeat/times.ts";
import { Callsheet, type Environment, systemEnvironment } from "../../src/index.ts";
import { openTestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, aType, eventsOf, refusal } from "../fixtures/floor.ts";
import { aFolder, publishText } from "../fixtures/folder.ts";
import { paced } from "../fixtures/paced.mjs";

/** So much faster than in earnest do these nodes beat, watch and judge: 12 s of silence are 2.4. */
const PACE = 5;
const SILENT_MS = 12_000 / PACE;

const environment = () => paced(systemEnvironment(), PACE);
const aProcess = (url: string, witness: { readonly file: string }, name: string, slots = 8) =>
  aChild("node-process.mjs", {
    ...{ TEST_DATABASE: url, TEST_WITNESS: witness.file, TEST_NODE: name },
    ...{ TEST_PACE: String(PACE), TEST_SLOTS: String(slots) },
  });
/** Watches others, and can run nothing of theirs. */
const aReaper = (cs: Callsheet) => cs.work({ name: "reaper", types: [aType(() => null, "nothing")] });

describe("a handler that does not give back the event loop", () => {
  test("for longer than a node may be silent keeps its job, also as the first that a node runs", async () => {
    const { cs, database } = await aFloor({}, { alone: true, environment: environment() });
    await cs.actions.put({ name: "witnessed", type: "witnessed", retry: { limit: 0 } });
    await aReaper(cs);
    const witness = aWitness();
    const work = { configuration: { how: "blocks", ms: 2 * SILENT_MS } };
    const first = await cs.jobs.create("witnessed", work);
    const child = aProcess(database.url, witness, "blocked");
    expect(await cs.jobs.wait(first)).toMatchObject({ state: "completed", attempt: 1, result: { attempt: 1 } });
    const node = async () => (await database.store.readNodes({ limit: 9 })).find(({ name }) => name === "blocked")!;
    await until(async () => (await node()).lagMs !== null, { what: "Its first heartbeat", deadlineMs: 20_000 });
    const second = await cs.jobs.create("witnessed", work);
    const late = await until(async () => [await node()].find(({ lagMs }) => (lagMs ?? 0) > 1_500), {
      ...{ what: "A word of its thread about how late it is", deadlineMs: 20_000 },
    });
    expect(late).toMatchObject({ state: "up" });
    expect(await cs.jobs.wait(second)).toMatchObject({ state: "completed", attempt: 1, result: { attempt: 1 } });
    for (const job of [first, second]) expect(await eventsOf(cs, job)).toEqual(["create", "complete"]);
    expect(witness.lines()).toHaveLength(4);
    expect(child.process.exitCode).toBeNull();
  });

  test("as the first of a backlog, keeps its job and those that wait behind it", async () => {
    const { cs, database } = await aFloor({}, { alone: true, environment: environment() });
    await cs.actions.put({ name: "witnessed", type: "witnessed", retry: { limit: 0 } });
    await aReaper(cs);
    const blocks = { configuration: { how: "blocks", ms: 2 * SILENT_MS } };
    const jobs = await cs.jobs.createMany("witnessed", [blocks, ...Array.from({ length: 199 }, () => ({}))]);
    aProcess(database.url, aWitness(), "blocked", jobs.length);
    for (const job of jobs) expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1 });
    expect(await cs.nodes.list({ ended: true })).toHaveLength(2);
  });
});

/** A heartbeat that says what the test says. */
function aPulse() {
  const pulse = { silentMs: 0, starts: 0, hear: (_: PulseWord) => {} };
  const startPulse: Environment["startPulse"] = (_, hear) => {
    pulse.starts += 1;
    pulse.hear = hear;
    return { silentMs: () => pulse.silentMs, follow: () => {}, beat: () => {}, stop: async () => {} };
  };
  return Object.assign(pulse, { environment: { ...systemEnvironment(), startPulse } });
}

describe("a node of which no heartbeat was acknowledged for its lease", () => {
  test("takes nothing while it cannot be certain; what it runs goes on, and then it takes jobs again", async () => {
    const pulse = aPulse();
    const { cs, stage, create, work, database, name } = await aFloor({}, { environment: pulse.environment });
    await work({ slots: 5 });
    await until(() => pulse.starts === 1);
    const first = await create();
    const { context, returns } = await stage.nth(1);
    pulse.silentMs = LEASE_MS;
    const second = await create();
    const elsewhere = await database.open();
    await elsewhere.work({ name: `${name}-other`, types: [stage.type], slots: 1 });
    await stage.nth(2);
    expect(await cs.jobs.get(second)).toMatchObject({ node: `${name}-other`, attempt: 1 });
    const folder = aFolder();
    await publishText(context, folder.at("a"));
    returns("certain, since the database was asked");
    expect(await cs.jobs.wait(first)).toMatchObject({ state: "completed", node: name });
    expect(folder.names()).toEqual(["a"]);

    const third = await create();
    pulse.silentMs = 0;
    pulse.hear({ kind: "beat", state: "up" });
    await stage.nth(3);
    expect(await cs.jobs.get(third)).toMatchObject({ node: name });
    stage.clear();
    await elsewhere.close();
  });

  test("because its thread has ended is given another one", async () => {
    const pulse = aPulse();
    const { work } = await aFloor({}, { environment: pulse.environment });
    await work();
    await until(() => pulse.starts === 1);
    pulse.hear({ kind: "ended" });
    await until(() => pulse.starts === 2);
  });
});

describe("a database that is away for longer than any node may be silent", () => {
  test("costs no node its life and no job its attempt: all go on when it is back", { timeout: 90_000 }, async () => {
    const server = await openTemporaryServer();
    onTestFinished(() => server.close());
    const cs = await Callsheet.open({ databaseUrl: server.url, environment: environment(), onError: () => {} });
    onTestFinished(() => cs.close());
    await cs.actions.put({ name: "witnessed", type: "witnessed", retry: { limit: 0 } });
    await aReaper(cs);
    const witness = aWitness();
    const jobs = await cs.jobs.createMany(
      "witnessed",
      Array.from({ length: 10 }, () => ({ configuration: { how: "waits" } })),
    );
    const children = ["one", "two"].map((name) => aProcess(server.url, witness, name));
    await Promise.all(children.map((child) => child.says("up")));
    await until(() => witness.lines().length === 10, { what: "Ten handlers", deadlineMs: 20_000 });
    await until(async () => (await cs.jobs.list({ states: ["running"] })).length === 10);

    await stopServer(server.dataDir, { whenUsed: "stop" });
    expect((await refusal(() => cs.jobs.count())).code).toBe("database_lost");
    const { monotonic } = systemEnvironment();
    const from = monotonic();
    // The passing of time itself is what is tried: others could have judged twice over.
    await until(() => monotonic() - from > 2 * SILENT_MS, { deadlineMs: 4 * SILENT_MS });
    await server.revive();
    witness.say("go on");
    await until(async () => (await cs.jobs.count().catch(() => undefined))?.completed === 10, {
      ...{ what: "The end of all jobs", deadlineMs: 30_000 },
    });
    for (const job of jobs)
      expect(await cs.jobs.get(job)).toMatchObject({ state: "completed", attempt: 1, retries: 0 });
    const nodes = await cs.nodes.list({ ended: true });
    expect(nodes.map(({ name, state }) => [name, state]).sort()).toEqual([
      ["one", "up"],
      ["reaper", "up"],
      ["two", "up"],
    ]);
    expect((await cs.verify()).findings).toEqual([]);
  });
});

describe("a node that starts under the name of one that cannot be seen", () => {
  const aFarOne = async () => {
    const database = await openTestDatabase();
    onTestFinished(() => database.close());
    const cs = await database.open({ environment: environment() });
    const far = { host: "elsewhere", bootId: "b", pid: 1, pidStarted: "1" };
    const nodeId = await database.store.registerNode({
      ...{ ...far, name: "edit-01", incarnation: "01890000-0000-4000-8000-000000000000" },
      ...{ site: "default", slots: 1, types: [], capabilities: [] },
    });
    return { database, nodeId, work: () => cs.work({ name: "edit-01", types: [aType(() => null)] }) };
  };

  test("gets it once the other has been silent for long enough", async () => {
    const { database, work } = await aFarOne();
    await work();
    const lives = await database.store.readNodes({ ended: true, limit: 9 });
    expect(lives.map(({ state, cause }) => [state, cause])).toEqual([
      ["up", null],
      ["dead", "no heartbeat for 12 s"],
    ]);
  });

  test("is refused as soon as the other's heart is heard", async () => {
    const { database, nodeId, work } = await aFarOne();
    let isOver = false;
    const refused = refusal(work).finally(() => {
      isOver = true;
    });
    await until(async () => {
      await database.store.beat(nodeId, { lagMs: 0, refused: 0 });
      return isOver;
    });
    expect(await refused).toMatchObject({ code: "node_name_in_use", message: expect.stringContaining("elsewhere") });
  });
});
