import { beforeEach, describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { inState, refusal } from "../fixtures/floor.ts";
import { aFolder, publishText } from "../fixtures/folder.ts";
import { aGate, aPlace, journalOf, type Plan } from "../fixtures/world.ts";

/** A place whose database has a table of the user's own. */
async function aShop(plan: Plan, fields: Parameters<typeof aPlace>[1] = {}) {
  const place = await aPlace(plan, fields, { alone: true });
  const { db } = place.database;
  await db.query({ text: "create table sale (job uuid, what text)", values: [] });
  const sales = async () =>
    (await db.query<{ what: string }>({ text: "select what from sale order by what", values: [] })).rows.map(
      ({ what }) => what,
    );
  return { ...place, sales };
}

const SELL = "insert into sale values ($1, $2)";
let late: unknown;
beforeEach(() => {
  late = undefined;
});

describe("a transaction that completes its job", () => {
  test("stores what the handler wrote and the end of the job together", async () => {
    const { cs, create, work, sales, database } = await aShop(
      {
        run: async (context, { effect }) => {
          await effect(context, "a");
          const result = await context.transaction(async (client) => {
            const { rowCount } = await client.query(SELL, [context.job.id, "one"]);
            const { rows } = await client.query<{ what: string }>("select what from sale");
            return { rowCount, rows };
          });
          expect(await cs.jobs.get(context.job.id)).toMatchObject({ state: "completed", result });
          late = await refusal(() => context.undo("effect", "late"));
          throw new Error("which counts no more");
        },
      },
      { lock: "exclusive" },
    );
    const node = await work();
    const job = await create({ target: { type: "asset", id: "A" } });
    const result = { rowCount: 1, rows: [{ what: "one" }] };
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result, attempt: 1 });
    expect(await sales()).toEqual(["one"]);
    await until(() => node.running === 0, { what: "The end of the handler" });
    expect(late).toMatchObject({ code: "stale_attempt" });
    await until(async () => (await journalOf(cs, job))[0] === "1.1 kept", { what: "What is kept" });
    expect((await cs.locks.get({ type: "asset", id: "A" })).holders).toEqual([]);
    expect(node.refused).toBe(0);
    expect(await database.store.countStates()).toMatchObject({ completed: 1, failed: 0 });
  });

  test("that throws leaves nothing, and the handler goes on", async () => {
    const { cs, create, work, sales } = await aShop({
      run: async ({ transaction, job }) => {
        const failed = await refusal(() =>
          transaction(async (client) => {
            await client.query(SELL, [job.id, "nothing"]);
            throw Object.assign(new Error("sold out"), { code: "sold_out" });
          }),
        );
        await transaction((client) => client.query(SELL, [job.id, failed.code]));
      },
    });
    await work();
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(await sales()).toEqual(["sold_out"]);
  });

  test("whose handler lost a connection of its own is not done again for it", async () => {
    let calls = 0;
    const { cs, create, work, sales } = await aShop(
      {
        run: ({ transaction, job }) =>
          transaction(async (client) => {
            calls += 1;
            await client.query(SELL, [job.id, "nothing"]);
            throw Object.assign(new Error("The shop hung up."), { code: "ECONNRESET" });
          }),
      },
      { retry: { limit: 0 } },
    );
    await work();
    const ended = await cs.jobs.wait(await create());
    expect(ended).toMatchObject({ state: "failed", error: { code: "ECONNRESET" } });
    expect([calls, await sales()]).toEqual([1, []]);
  });

  test("of a superseded attempt stores nothing", async () => {
    const gate = aGate();
    const { cs, create, work, sales } = await aShop(
      {
        run: async ({ transaction, job }) => {
          late = await refusal(() =>
            transaction(async (client) => {
              await client.query(SELL, [job.id, "stale"]);
              await gate.opened;
            }),
          );
        },
      },
      { timeoutMs: 20, onTimeout: "fail", retry: { limit: 0 } },
    );
    const node = await work();
    const job = await create();
    await inState(cs, job, "failed");
    gate.open();
    await until(() => node.running === 0, { what: "The end of the handler" });
    expect(late).toMatchObject({ code: "stale_attempt" });
    expect(await sales()).toEqual([]);
    expect((await cs.jobs.get(job)).state).toBe("failed");
  });

  test("lets what was published appear, and nobody end it by hand", async () => {
    const folder = aFolder();
    const { cs, create, work, sales } = await aShop({
      run: async (context) => {
        await publishText(context, folder.at("made"), "whole");
        await context.transaction(async (client) => {
          late = await refusal(() => client.query(" COMMIT"));
          await client.query(SELL, [context.job.id, "made"]);
        });
      },
    });
    await work();
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(late).toMatchObject({ code: "invalid_argument" });
    expect([folder.names(), folder.read("made"), await sales()]).toEqual([["made"], "whole", ["made"]]);
  });
});
