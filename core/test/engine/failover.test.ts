import { execFile } from "node:child_process";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openTemporaryServer, stopServer } from "@callsheet/postgres";
import { expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aStage, inState, refusal } from "../fixtures/floor.ts";

const copy = (from: string, to: string) => promisify(execFile)("cp", ["-a", from, to]);

/** A server, and a standby that has heard nothing since it was made: both at one address, one after the other. */
async function aPair() {
  const server = await openTemporaryServer();
  onTestFinished(() => server.close());
  const standby = `${server.dataDir}-standby`;
  onTestFinished(() => rm(standby, { recursive: true, force: true }));
  const stop = () => stopServer(server.dataDir, { whenUsed: "stop" });
  return {
    url: server.url,
    makeStandby: async () => {
      await stop();
      await copy(server.dataDir, standby);
      await server.revive();
    },
    failOver: async () => {
      await stop();
      await rm(server.dataDir, { recursive: true });
      await copy(standby, server.dataDir);
      // It takes over where it has nothing more to hear, on a timeline of its own.
      await writeFile(join(server.dataDir, "pg", "recovery.signal"), "");
      await appendFile(join(server.dataDir, "pg", "postgresql.auto.conf"), "restore_command = 'false'\n");
      await server.revive();
    },
  };
}

test("a failover that loses what was committed is noticed, and no token is given twice", {
  timeout: 90_000,
}, async () => {
  const server = await aPair();
  const troubles: unknown[] = [];
  const onError = (_: string, error: unknown) => void troubles.push(Object(error).code);
  const [cs, other] = [
    await Callsheet.open({ databaseUrl: server.url, onError }),
    await Callsheet.open({ databaseUrl: server.url, onError }),
  ];
  onTestFinished(async () => void (await Promise.all([cs.close(), other.close()])));
  const [first, second] = [aStage(), aStage()];
  await cs.actions.put({ name: "test", type: first.type });
  const node = await cs.work({ name: "one", types: [first.type], slots: 1 });
  const job = await cs.jobs.create("test", { startAt: null });
  await server.makeStandby();

  await until(() => cs.jobs.schedule(job, new Date(0)).catch(() => undefined), { deadlineMs: 20_000 });
  const before = await first.nth(1);
  const lost = await cs.jobs.create("test", { startAt: null });
  await server.failOver();

  // As the server remembers it the job was never planned, nor begun.
  await until(() => other.jobs.schedule(job, new Date(0)).catch(() => undefined), { deadlineMs: 20_000 });
  await other.work({ name: "two", types: [second.type], slots: 1 });
  const after = await second.nth(1);
  expect(after.context.attempt).toBe(before.context.attempt);
  expect(BigInt(after.context.fencing)).toBeGreaterThan(BigInt(before.context.fencing) + 500_000n);
  before.returns("of the past");
  await until(() => node.refused === 1, { what: "The refusal of the late word" });
  await inState(other, job, "running");
  after.returns("of the present");
  expect(await other.jobs.wait(job)).toMatchObject({ state: "completed", node: "two", result: "of the present" });
  expect((await refusal(() => other.jobs.get(lost))).code).toBe("job_not_found");
  expect(troubles.filter((code) => code === "history_lost")).toHaveLength(1);
});
