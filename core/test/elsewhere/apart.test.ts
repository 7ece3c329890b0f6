import { type ActionInput, defineActionType, elsewhere } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { MASK } from "../../src/engine/secrets/redactor.ts";
import { until } from "../../src/testing/index.ts";
import { goesOn } from "../fixtures/farm.ts";
import { farmed } from "../fixtures/farmed.mjs";
import { aFloor } from "../fixtures/floor.ts";
import { aKeyFile, dumpOf } from "../fixtures/safe.ts";

async function anApartFarm(fields: Partial<ActionInput> = {}) {
  const { cs, name } = await aFloor();
  const action = `${name}-apart`;
  await cs.actions.put({ ...fields, name: action, type: farmed, isolation: "process" });
  await cs.work({ name: action, types: [farmed], slots: 1 });
  return { cs, create: (how: string) => cs.jobs.create(action, { configuration: { how } }) };
}

describe("a type whose handlers run in processes of their own", () => {
  test("may let its work go on elsewhere, and is polled in one of its own", async () => {
    const { cs, create } = await anApartFarm();
    const done = await cs.jobs.wait(await create("completes"));
    expect(done).toMatchObject({ state: "completed", result: { isApart: true, isOverdue: false } });
    expect((await cs.jobs.log(done.id)).map(({ n, message }) => `${n} ${message}`)).toEqual([
      ...["1 poll 0", "2 poll 1", "3 poll 2"],
    ]);
  });

  test("gets a token that ends its attempt", async () => {
    const { cs, create } = await anApartFarm();
    const job = await create("goes on");
    await goesOn(cs, job);
    const { variables } = await cs.jobs.get(job);
    expect(await cs.elsewhere.complete(String(variables.token), "told")).toBe("completed");
  });

  test("whose poll dies is polled again", async () => {
    const { cs, create } = await anApartFarm();
    const job = await create("exits");
    await until(async () => (await cs.jobs.get(job)).elsewhere?.problem?.code === "handler_exited");
    await cs.elsewhere.complete(job.id);
  });

  test.each(["goes on", "hears"])("is asked there to stop: %s", async (how) => {
    const { cs, create } = await anApartFarm({ cancellable: "asks" });
    const job = await create(how);
    await goesOn(cs, job);
    await cs.jobs.cancel(job);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect((await cs.jobs.log(job)).map(({ message }) => message)).toContain("cancel");
  });
});

describe("a secret", () => {
  test("is there for polls, hidden in what they say, and refused in a handle", async () => {
    const secretKeyFile = await aKeyFile();
    const { cs, database, name } = await aFloor({}, { alone: true, secretKeyFile });
    await cs.secrets.put("token", { value: "canary-7f3a" });
    const type = defineActionType({
      ...{ type: `${name}-safe`, version: 1, pollEveryMs: 100 },
      configuration: z.object({ token: z.string(), leaks: z.boolean().default(false) }),
      run: async ({ configuration: { token, leaks } }) => elsewhere({ of: leaks ? token : "job" }),
      poll: async (_, { configuration: { token }, log, progress }) => {
        log.info(`asked with ${token}`);
        progress(50, token);
        return { said: token };
      },
    });
    await cs.actions.put({ name: "safe", type });
    await cs.work({ name: "safe", types: [type], slots: 1 });
    const configuration = { token: "secret://token" };
    const done = await cs.jobs.wait(await cs.jobs.create("safe", { configuration }));
    expect(done).toMatchObject({ state: "completed", result: { said: MASK } });
    expect((await cs.jobs.log(done.id)).map(({ message }) => message)).toEqual([`asked with ${MASK}`]);
    const leaky = await cs.jobs.wait(
      await cs.jobs.create("safe", { configuration: { ...configuration, leaks: true } }),
    );
    expect(leaky).toMatchObject({ state: "failed", error: { code: "invalid_argument" } });
    expect(await dumpOf(database)).not.toContain("canary-7f3a");
  });

  test("is no part of what is stored of a completion token", async () => {
    const { cs, database, name } = await aFloor({}, { alone: true });
    let token = "";
    const type = defineActionType({
      ...{ type: `${name}-token`, version: 1, configuration: z.object({}) },
      run: async (context) => {
        token = await context.completionToken();
        return elsewhere(null);
      },
    });
    await cs.actions.put({ name: "token", type });
    await cs.work({ name: "token", types: [type], slots: 1 });
    const job = await cs.jobs.create("token");
    await goesOn(cs, job);
    expect(token).toMatch(/^cst_[\w-]{43}$/);
    expect(await dumpOf(database)).not.toContain(token.slice(4));
    await cs.elsewhere.complete(token);
  });
});
