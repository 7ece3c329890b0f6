import { join } from "node:path";
import { makeTemporaryDirectory, removeTemporary, serverStatus } from "@callsheet/postgres";
import { expect, onTestFinished, test } from "vitest";
import { initSecretKeys } from "../../src/index.ts";
import { aChild } from "../fixtures/child.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

async function live(dataDir: string, half: "first" | "second"): Promise<Readonly<Record<string, unknown>>> {
  const child = aChild("one-life.mjs", { TEST_DATA_DIR: dataDir, TEST_HALF: half, DATABASE_URL: "" });
  expect(await child.ended, child.output()).toBe(0);
  return JSON.parse(/^said (.*)$/m.exec(child.output())![1]!);
}

test("a job runs as it would have, whatever became of its action, after every process and the server were started anew", {
  timeout: 120_000,
}, async () => {
  const directory = await makeTemporaryDirectory();
  onTestFinished(() => removeTemporary(directory));
  const dataDir = join(directory, "data");
  await initSecretKeys({ dataDir });
  const jobs = await live(dataDir, "first");
  expect((await serverStatus(dataDir)).state).toBe("stopped");
  const ended = await live(dataDir, "second");
  expect(Object.keys(ended).sort()).toEqual(Object.keys(jobs).sort());
  for (const [name, id] of Object.entries(jobs)) {
    const configuration = { from: "action", token: "secret://token", own: name };
    const target = { type: "asset", id: name };
    expect(ended[name]).toMatchObject({
      ...{ id, state: "completed", type: "made", attempt: 2, retries: 1, node: "second", actionVersion: 1 },
      ...{ configuration, needs: { licence: 1 }, locks: [{ key: `asset/${name}`, mode: "exclusive" }] },
      result: {
        ...{ action: name, type: "made", target, variables: { n: 1, reached: 41 } },
        configuration: { ...configuration, token: "eleven char".length },
      },
      context: {
        needs: { units: { licence: 1 }, locks: true },
        attempts: [{ error: { code: "not_yet" } }, { attempt: 2 }],
      },
    });
  }
});

test("a deleted action makes no jobs any more, its name is free, and its jobs still wait, run, and are explained", async () => {
  const { cs, create, stage, work, name } = await aFloor({ configuration: { from: "the first" } });
  const job = await create();
  await cs.actions.remove(name);
  expect(await refusal(() => create())).toMatchObject({ code: "unknown_action", details: { action: name } });
  expect((await refusal(() => cs.actions.remove(name))).code).toBe("unknown_action");
  const again = await cs.actions.put({ name, type: stage.type, configuration: { from: "the second" } });
  expect(again.version).toBe(1);
  expect((await cs.jobs.explain(job)).sentence).toContain(name);
  const other = await create();
  await work();
  const [first, second] = [await stage.nth(1), await stage.nth(2)];
  const given = [first, second].map(({ context }) => [context.job.id, context.configuration]);
  expect(new Map(given as [string, unknown][])).toEqual(
    new Map<string, unknown>([
      [job.id, { from: "the first" }],
      [other.id, { from: "the second" }],
    ]),
  );
  for (const { returns } of [first, second]) returns();
  for (const one of [job, other]) expect(await inState(cs, one, "completed")).toMatchObject({ action: name });
});

test("jobs of one action that run at once see what is theirs, and nothing of each other", async () => {
  const { cs, create, stage, work } = await aFloor();
  await work();
  const jobs = [await create({ variables: { own: 1 } }), await create({ variables: { own: 2 } })];
  const entered = [await stage.nth(1), await stage.nth(2)].map(({ context }) => context);
  await Promise.all(entered.map(({ variables, job }) => variables.set("seen", job.id)));
  for (const { variables, job } of entered) {
    const own = jobs.findIndex(({ id }) => id === job.id) + 1;
    expect(variables.all()).toEqual({ own, seen: job.id });
    expect((await cs.jobs.context(job.id)).variables).toEqual({ own, seen: job.id });
  }
  const places = await Promise.all(entered.map(({ workspace }) => workspace()));
  expect(new Set(places).size).toBe(2);
});
