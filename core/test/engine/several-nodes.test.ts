import { expect, onTestFinished, test, vi } from "vitest";
import { Client } from "../../src/store/driver/client.ts";
import { aFloor } from "../fixtures/floor.ts";

const [NODES, JOBS] = [8, 10];

/** Several nodes of one slot each in one process, and who of them asks for jobs. */
async function aProcess() {
  const floor = await aFloor({}, { alone: true });
  const askers: string[] = [];
  const { ask } = Client.prototype;
  const spy = vi.spyOn(Client.prototype, "ask").mockImplementation(function (this: Client, query, mayTakeMs) {
    const { application_name: name } = (this as unknown as { connectionParameters: { application_name: string } })
      .connectionParameters;
    if (query.name === "claim" || query.name === "claim_lone") askers.push(name);
    return ask.call(this, query, mayTakeMs);
  });
  onTestFinished(() => spy.mockRestore());
  for (let n = 0; n < NODES; n++) await floor.work({ name: `node-${n}`, slots: 1 });
  // All lanes are known, and nothing is new any more.
  await floor.create();
  (await floor.stage.nth(1)).returns();
  return { floor, askers };
}

test("of the nodes of a process one asks for a job that all of them hear of", async () => {
  const { floor, askers } = await aProcess();
  askers.length = 0;
  for (let n = 0; n < JOBS; n++) {
    const job = await floor.create();
    (await floor.stage.nth(2 + n)).returns();
    await floor.cs.jobs.wait(job);
  }
  // Some look now and then in any case. Did each follow each hint, there would be NODES times JOBS looks.
  expect(askers.length).toBeLessThan((JOBS * NODES) / 2);
});

test("jobs that come at once are begun by as many nodes as they need", async () => {
  const { floor } = await aProcess();
  await floor.cs.jobs.createMany(
    floor.name,
    Array.from({ length: NODES }, () => ({})),
  );
  await floor.stage.nth(1 + NODES);
});
