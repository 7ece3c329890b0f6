import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { hasOwnSession } from "../../src/store/pooler.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";
import { aPgBouncer, hasPgBouncer } from "../fixtures/pgbouncer.ts";

const MISSING = "no pgbouncer";

describe("PgBouncer", () => {
  test.for([
    ["transaction mode", ["pool_mode = transaction"]],
    [
      "transaction mode, its sessions handed out in turn",
      ["pool_mode = transaction", "server_round_robin = 1", "min_pool_size = 3"],
    ],
    ["statement mode", ["pool_mode = statement"]],
  ] as const)("in %s is refused, and its sessions are as they were", async ([, settings], context) => {
    context.skip(!hasPgBouncer(), MISSING);
    const { database } = await aFloor({}, { alone: true });
    const url = await aPgBouncer(database.url, settings);
    const error = await refusal(() => Callsheet.open({ databaseUrl: url, onError: () => {} }));
    expect(error).toMatchObject({ code: "pooler_unsupported", next: expect.stringContaining("session mode") });
    const client = new pg.Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    const { rows } = await client.query(
      "select current_setting('enable_seqscan') as scan, current_setting('jit') as jit",
    );
    expect(rows).toEqual([{ scan: "on", jit: "on" }]);
  });

  test("in session mode is taken: jobs run through it", async (context) => {
    context.skip(!hasPgBouncer(), MISSING);
    const { database, stage, name } = await aFloor({}, { alone: true });
    const url = await aPgBouncer(database.url, ["pool_mode = session"]);
    const cs = await Callsheet.open({ databaseUrl: url, onError: () => {} });
    onTestFinished(() => cs.close());
    await cs.work({ name: "pooled", types: [stage.type] });
    const job = await cs.jobs.create(name);
    (await stage.nth(1)).returns("through");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "through" });
  });
});

describe("two connections", () => {
  test.each([
    ["with a session each", [1, 1, 1, 1], [2, 2, 2, 2], true],
    ["that share one", [1, 1, 1, 1], [1, 1, 1, 1], false],
    ["of which one changed its session", [1, 1, 3, 3], [2, 2, 2, 2], false],
    ["that take turns", [1, 2, 1, 2], [1, 2, 1, 2], false],
  ])("%s: %j and %j", (_, ones, others, isOwn) => {
    expect(hasOwnSession(ones, others)).toBe(isOwn);
  });
});
