import { openTemporaryServer, stopServer } from "@callsheet/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";

/**
 * How much faster the children live: a node that shows no sign for two and a half seconds is dead, and ten minutes are two.
 * `CALLSHEET_OUTAGE=real` lets them last as long as they do.
 */
const PACE = process.env.CALLSHEET_OUTAGE === "real" ? 1 : 5;
const OUTAGE_MS = 600_000 / PACE;

describe("a database that is away for ten minutes", { timeout: 3 * OUTAGE_MS }, () => {
  test("finds two processes at work again: every job runs once, and no node was declared dead for it", async () => {
    const server = await openTemporaryServer();
    onTestFinished(() => server.close());
    const witness = aWitness();
    const cs = await Callsheet.open({ databaseUrl: server.url, onError: () => {} });
    onTestFinished(() => cs.close());
    await cs.actions.put({ name: "witnessed", type: "witnessed" });
    const variables = {
      TEST_DATABASE: server.url,
      TEST_WITNESS: witness.file,
      TEST_SLOTS: "2",
      TEST_PACE: String(PACE),
    };
    const children = ["one", "two"].map((name) => aChild("node-process.mjs", { ...variables, TEST_NODE: name }));
    await Promise.all(children.map((child) => child.says("up")));
    const input = { configuration: { how: "takes 50 ms" } };
    const jobs = await cs.jobs.createMany(
      "witnessed",
      Array.from({ length: 400 }, () => input),
    );
    const begun = () => witness.lines().filter((line) => line.startsWith("begin"));
    await until(() => begun().some((line) => line.endsWith(" one")) && begun().some((line) => line.endsWith(" two")));

    await stopServer(server.dataDir, { whenUsed: "stop" });
    const awayAt = performance.now();
    await until(() => performance.now() - awayAt > OUTAGE_MS, { deadlineMs: 2 * OUTAGE_MS, what: "Ten minutes" });
    expect(children.map((child) => child.process.exitCode)).toEqual([null, null]);
    await server.revive();

    await until(async () => (await cs.jobs.count().catch(() => undefined))?.completed === jobs.length, {
      ...{ deadlineMs: 40_000, what: "The end of all jobs" },
    });
    expect(
      begun()
        .map((line) => line.split(" ")[1])
        .sort(),
    ).toEqual(jobs.map(({ id }) => id).sort());
    const last = await cs.jobs.create("witnessed", input);
    expect(await cs.jobs.wait(last)).toMatchObject({ state: "completed", attempt: 1 });
    for (const child of children) child.process.kill("SIGTERM");
    expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0]);
    const lives = await cs.nodes.list({ ended: true });
    expect(lives.map(({ name, state, cause }) => `${name} ${state}: ${cause}`).sort()).toEqual([
      ...["one gone: it was stopped", "two gone: it was stopped"],
    ]);
    const all = await Promise.all(jobs.map(({ id }) => cs.jobs.get(id)));
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(["completed"]));
    // A claim that the server stored while it stopped, and never answered, is handed back. It has begun nothing.
    for (const { id, attempt } of all.filter(({ attempt: number }) => number > 1)) {
      const handedBack = (await cs.jobs.history(id)).filter(({ event }) => event === "hand_back");
      expect(handedBack).toHaveLength(attempt - 1);
    }
    expect((await cs.verify()).findings).toEqual([]);
  });
});
