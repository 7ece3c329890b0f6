import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeTemporaryDirectory, removeTemporary, startDetached, stopServer } from "@callsheet/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { watchOver } from "../../src/engine/revival.ts";
import { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aType, type Context, refusal } from "../fixtures/floor.ts";

async function aPlace() {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => removeTemporary(directory));
  const dataDir = join(directory, "data");
  const pid = () => Number(readFileSync(join(dataDir, "pg", "postmaster.pid"), "utf8").split("\n")[0]);
  return { dataDir, kill: () => process.kill(pid(), "SIGKILL") };
}

async function aCallsheet(dataDir: string, run: (context: Context) => unknown = () => null) {
  const troubles: string[] = [];
  const cs = await Callsheet.open({ dataDir, onError: (where, error) => void troubles.push(`${where}: ${error}`) });
  onTestFinished(() => cs.close());
  const type = aType(run);
  await cs.actions.put({ name: "test", type });
  return { cs, troubles, work: () => cs.work({ name: "here", types: [type], slots: 4 }) };
}

describe("a private server that is killed", { timeout: 120_000 }, () => {
  test("while jobs run is brought back: what was acknowledged is there, and each job runs once to its end", async () => {
    const { dataDir, kill } = await aPlace();
    const begun: string[] = [];
    const { cs, troubles, work } = await aCallsheet(dataDir, async ({ job }) => {
      begun.push(job.id);
      await new Promise((resolve) => setImmediate(resolve));
    });
    const inputs = Array.from({ length: 1_500 }, () => ({}));
    const acknowledged = (await cs.jobs.createMany("test", inputs)).map(({ id }) => id);
    await work();
    const revivals = () => troubles.filter((one) => one.includes("it is up again")).length;
    for (const [index, count] of [100, 700].entries()) {
      await until(() => begun.length >= count, { deadlineMs: 30_000 });
      kill();
      acknowledged.push((await cs.jobs.create("test")).id);
      // Its processes may outlive it for a moment, and answer.
      await until(() => revivals() > index, { deadlineMs: 30_000, what: "The revival" });
    }
    const isDone = async () => (await cs.jobs.count()).completed === acknowledged.length;
    await until(isDone, { deadlineMs: 60_000, what: "The end of all jobs" });
    expect(begun.sort()).toEqual(acknowledged.sort());
    expect(revivals()).toBe(2);
  });

  test("under a Callsheet without a node is there again for the next call", async () => {
    const { dataDir, kill } = await aPlace();
    const { cs } = await aCallsheet(dataDir);
    const { id } = await cs.jobs.create("test");
    kill();
    expect(await cs.jobs.get(id)).toMatchObject({ id, state: "pending" });
  });
});

test("a private server that somebody stopped stays stopped, and callers are told; started again, it is used", {
  timeout: 60_000,
}, async () => {
  const { dataDir } = await aPlace();
  const { cs } = await aCallsheet(dataDir);
  await stopServer(dataDir, { whenUsed: "stop" });
  const told = await refusal(() => cs.actions.list());
  expect(told).toMatchObject({ code: "database_lost" });
  expect(told.message).toMatch(/was stopped\. Start it again: callsheet db start\.$/);
  await startDetached({ dataDir });
  expect(await cs.actions.list()).toHaveLength(1);
  await stopServer(dataDir, { whenUsed: "stop" });
});

describe("bringing a server back", () => {
  const aServer = (revive: () => Promise<void>) => {
    const told: unknown[] = [];
    const place = { now: 0, told };
    const server = { connectionString: "", revive, close: async () => void told.push("closed") };
    const log = { error: (_: string, error: unknown) => void told.push(error) };
    return { place, server: watchOver(server, { monotonic: () => place.now }, log) };
  };

  test("happens once, however many ask, and before it is closed", async () => {
    let times = 0;
    let isUp = () => {};
    const { place, server } = aServer(() => {
      times += 1;
      return new Promise((resolve) => {
        isUp = resolve;
      });
    });
    const all = [server.revive!(), server.revive!()];
    const closed = server.close();
    isUp();
    await Promise.all([...all, closed]);
    expect(times).toBe(1);
    expect(place.told.at(-1)).toBe("closed");
    expect(await refusal(() => server.revive!())).toMatchObject({ code: "stopped" });
  });

  test("is given up with the reason after five tries, until a minute has passed", async () => {
    let times = 0;
    const { place, server } = aServer(async () => {
      times += 1;
      throw new Error("The disk is full.");
    });
    for (let n = 0; n < 8; n++) {
      const told = await refusal(() => server.revive!());
      expect(told).toMatchObject({ code: "database_lost", message: expect.stringContaining("The disk is full.") });
    }
    expect(times).toBe(5);
    place.now = 60_000;
    await refusal(() => server.revive!());
    expect(times).toBe(6);
  });
});
