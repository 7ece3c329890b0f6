import { createHash } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ActionInput, defineActionType } from "@callsheet/contract";
import sql from "sql-template-tag";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { MASK } from "../../src/engine/secrets/redactor.ts";
import { addSecretKey, initSecretKeys } from "../../src/index.ts";
import { aFloor, aFloorWith, type Context, inState, refusal } from "../fixtures/floor.ts";
import { aDirectory, aKeyFile, dumpOf } from "../fixtures/safe.ts";
import { formsOf, telltale } from "../fixtures/telltale.mjs";

const TOKEN = 'canary-7f"3a é/+9';

/** A floor whose node has the keys, and one secret, `token`. */
async function aSafeFloor(run: (context: Context) => unknown, fields: Partial<ActionInput> = {}) {
  const secretKeyFile = await aKeyFile();
  const floor = await aFloorWith(run, fields, { alone: true, secretKeyFile });
  await floor.cs.secrets.put("token", { value: TOKEN });
  return { ...floor, secretKeyFile };
}

describe("a reference in a configuration", () => {
  test("is the value for the attempt, and stays a reference wherever it is stored", async () => {
    const seen: unknown[] = [];
    const { cs, create } = await aSafeFloor(({ configuration }) => void seen.push(configuration));
    const configuration = {
      to: "ftp",
      login: { token: "secret://token", all: ["secret://token", "not secret://token"] },
    };
    const job = await create({ configuration });
    expect((await cs.jobs.wait(job)).configuration).toEqual(configuration);
    expect(seen).toEqual([{ to: "ftp", login: { token: TOKEN, all: [TOKEN, "not secret://token"] } }]);
    expect((await cs.jobs.context(job)).attempts[0]).toMatchObject({ configuration });
  });

  test("follows the secret: a retry gets the value of its time", async () => {
    const seen: unknown[] = [];
    const { cs, create } = await aSafeFloor(({ configuration, attempt }) => {
      seen.push(configuration.token);
      if (attempt === 1) throw new Error("once");
    });
    const job = await create({ configuration: { token: "secret://token" } });
    await inState(cs, job, "failed");
    expect(await cs.secrets.put("token", { value: "another value" })).toMatchObject({ version: 2 });
    await cs.jobs.retry(job);
    await cs.jobs.wait(job);
    expect(seen).toEqual([TOKEN, "another value"]);
  });

  test("is refused at once when there is no such secret, or when it names none", async () => {
    const { cs, create, database } = await aSafeFloor(() => null);
    const none = await refusal(() => create({ configuration: { a: "secret://none" } }));
    expect(none).toMatchObject({ code: "unknown_secret", details: { secret: "none" } });
    const wrong = await refusal(() => create({ configuration: { a: "secret://No Name" } }));
    expect(wrong).toMatchObject({ code: "unknown_secret", message: expect.stringContaining("secret://No Name") });
    const job = await create({ startAt: null });
    expect((await refusal(() => cs.jobs.amend(job, { a: "secret://none" }))).code).toBe("unknown_secret");
    expect(await cs.jobs.list()).toHaveLength(1);
    // Another process has put it.
    const other = await database.open({ secretKeyFile: await aKeyFile() });
    await other.secrets.put("none", { value: "some" });
    expect(await cs.jobs.amend(job, { a: "secret://none" })).toBe(2);
  });

  test("to a secret that is gone by then fails its own job, once, and harms no other", async () => {
    const { cs, create } = await aSafeFloor(() => "done", { retry: { limit: 3, delayMs: 1 } });
    const later = new Date(Date.now() + 3_600_000);
    const bad = await create({ configuration: { a: "secret://token" }, startAt: later });
    await cs.secrets.remove("token");
    await cs.jobs.schedule(bad, new Date());
    const good = await create();
    expect(await cs.jobs.wait(bad)).toMatchObject({ state: "failed", attempt: 1, error: { code: "unknown_secret" } });
    expect((await cs.jobs.wait(good)).state).toBe("completed");
    expect((await refusal(() => cs.secrets.remove("token"))).code).toBe("unknown_secret");
  });

  test("is followed for the actions that may use the secret, and for no other", async () => {
    const { cs, create, name } = await aSafeFloor(({ configuration }) => configuration.a === TOKEN);
    await cs.secrets.put("token", { value: TOKEN, actions: ["another"] });
    const refused = await refusal(() => create({ configuration: { a: "secret://token" } }));
    expect(refused).toMatchObject({ code: "secret_refused", details: { secret: "token", action: name } });
    await cs.secrets.put("token", { value: TOKEN, actions: ["another", name] });
    const allowed = await create({ configuration: { a: "secret://token" } });
    expect(await cs.jobs.wait(allowed)).toMatchObject({ result: true });
    const later = await create({ configuration: { a: "secret://token" }, startAt: null });
    // A new value without a word of actions leaves them as they are.
    expect(await cs.secrets.put("token", { value: TOKEN })).toMatchObject({ actions: ["another", name] });
    await cs.secrets.put("token", { value: TOKEN, actions: [] });
    await cs.jobs.schedule(later, new Date());
    expect(await cs.jobs.wait(later)).toMatchObject({ state: "failed", error: { code: "secret_refused" } });
  });

  test("is a text like any other for a type that says so", async () => {
    const { cs, name } = await aFloor();
    const type = defineActionType({
      ...{ type: `${name}-texts`, version: 1, configuration: z.object({ a: z.string() }), secrets: "texts" },
      run: async ({ configuration }) => configuration.a,
    });
    const action = await cs.actions.put({ name: `${name}-texts`, type });
    await cs.work({ name: `${name}-texts`, types: [type] });
    const job = await cs.jobs.create(action, { configuration: { a: "secret://none" } });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "secret://none" });
  });

  test("whose value the schema refuses fails the job, without telling the value", async () => {
    const { cs } = await aSafeFloor(() => null);
    const type = defineActionType({
      type: "strict",
      version: 1,
      configuration: z.object({ a: z.string().refine((a) => a !== TOKEN, { error: ({ input }) => `not ${input}` }) }),
      run: async () => null,
    });
    await cs.actions.put({ name: "strict", type });
    await cs.work({ name: "strict", types: [type] });
    const job = await cs.jobs.create("strict", { configuration: { a: "secret://token" } });
    const { error } = await cs.jobs.wait(job);
    expect(error).toMatchObject({ code: "invalid_configuration", message: expect.stringContaining(`not ${MASK}`) });
    expect(JSON.stringify(error)).not.toContain("canary");
  });
});

describe("what an attempt had secret is found nowhere", () => {
  test.each([
    ["none", ["returns", "partly", "throws", "refuses"]],
    ["process", ["returns", "partly", "throws", "refuses", "crashes"]],
  ] as const)("whatever its handler says of it, with isolation %s", { timeout: 60_000 }, async (isolation, ways) => {
    const { cs, database, troubles } = await aSafeFloor(() => null);
    await cs.secrets.put("other", { value: "a-canary-of-another-job" });
    await cs.actions.put({ name: "telltale", type: telltale, isolation, retry: { limit: 0 } });
    await cs.work({ name: "telltale", types: [telltale], slots: 2 });
    const inputs = ways.map((how) => ({
      configuration: { how, prints: isolation === "process", token: "secret://token" },
    }));
    const jobs = await cs.jobs.createMany("telltale", inputs);
    const ended = await Promise.all(jobs.map((job) => cs.jobs.wait(job)));
    expect(ended.map(({ state }) => state)).toEqual(["completed", "partial", ...ways.slice(2).map(() => "failed")]);
    expect(ended[0]!.result).toMatchObject({ proof: createHash("sha256").update(TOKEN).digest("hex") });
    for (const job of ended) {
      expect(job.variables).toMatchObject({ seen: { [MASK]: expect.arrayContaining([MASK]) } });
      expect((await cs.jobs.log(job.id)).filter(({ message }) => message === `said ${MASK}`).length).toBeGreaterThan(3);
    }
    expect(ended[2]!.error!.stack).toContain(`refused ${MASK}`);
    expect(ended[3]!.error).toMatchObject({ code: "handler_failed", message: `refused ${MASK}` });
    const read = await Promise.all(
      jobs.map(async ({ id }) => [await cs.jobs.history(id), await cs.jobs.context(id), await cs.jobs.explain(id)]),
    );
    const everything = [
      await dumpOf(database),
      JSON.stringify([read, ended, await cs.secrets.list()]),
      String(troubles),
    ];
    const parts = [...formsOf(TOKEN), TOKEN.slice(0, 8), TOKEN.slice(9), "a-canary-of-another-job"];
    for (const text of everything) for (const part of parts) expect(text.includes(part), part).toBe(false);
  });

  test("and a process of its own is given nothing but what its job names", async () => {
    const { cs, secretKeyFile, database } = await aSafeFloor(() => null);
    await cs.secrets.put("other", { value: "a-canary-of-another-job" });
    await cs.actions.put({ name: "telltale", type: telltale, isolation: "process" });
    await cs.work({ name: "telltale", types: [telltale] });
    const job = await cs.jobs.create("telltale", { configuration: { how: "shows", token: "secret://token" } });
    const { result } = await cs.jobs.wait(job);
    expect(result).toMatchObject({ environment: { PATH: process.env.PATH } });
    for (const word of ["canary", secretKeyFile, database.url, "DATABASE", MASK])
      expect(JSON.stringify(result)).not.toContain(word);
  });
});

describe("the history of a secret", () => {
  test("names who set, resealed and removed it, and each attempt that asked for it; never the value", async () => {
    const { cs, create, name, secretKeyFile, database } = await aSafeFloor(({ attempt }) => {
      if (attempt === 1) throw new Error("once");
    });
    const ada = cs.as("ada", "a new password");
    await ada.secrets.put("token", { value: TOKEN, actions: [name] });
    const job = await create({ configuration: { token: "secret://token" } });
    await cs.jobs.wait(job);
    await cs.jobs.retry(job);
    await inState(cs, job, "completed");
    await cs.secrets.put("token", { value: TOKEN, actions: [] });
    const late = await create({ configuration: { token: "secret://token" } }).catch(() => undefined);
    await addSecretKey({ secretKeyFile });
    await ada.secrets.rotate();
    await ada.secrets.remove("token");
    const history = await cs.secrets.history("token");
    expect(late).toBeUndefined();
    expect(history.map(({ event, version, actor }) => `${event} ${version} ${actor}`)).toEqual([
      ...["remove 3 ada", "rotate 3 ada", "put 3 system", "read 2 null", "read 2 null", "put 2 ada", "put 1 system"],
    ]);
    expect(history.slice(3, 6)).toMatchObject([
      { jobId: job.id, attempt: 2, node: name },
      { jobId: job.id, attempt: 1, node: name },
      { jobId: null, reason: "a new password" },
    ]);
    expect(await cs.secrets.history("token", { limit: 1 })).toHaveLength(1);
    expect((await refusal(() => cs.secrets.history("nobody-made-it"))).code).toBe("unknown_secret");
    expect((await refusal(() => cs.secrets.history("token", { limit: 0 }))).code).toBe("invalid_argument");
    // What a job asked goes with it; what people did stays.
    await database.store.removeJobs([job.id]);
    expect((await cs.secrets.history("token")).map(({ event }) => event)).not.toContain("read");
  });

  test("says nothing of a job that may not use it", async () => {
    const { cs, create } = await aSafeFloor(() => null);
    const job = await create({ startAt: null, configuration: { token: "secret://token" } });
    await cs.secrets.put("token", { value: TOKEN, actions: [] });
    await cs.jobs.schedule(job, new Date(0));
    expect(await cs.jobs.wait(job)).toMatchObject({ error: { code: "secret_refused" } });
    expect((await cs.secrets.history("token")).map(({ event }) => event)).toEqual(["put", "put"]);
  });
});

describe("the keys of secrets", () => {
  test("are in a file that its owner alone can read, made once", async () => {
    const file = await aKeyFile();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await refusal(() => initSecretKeys({ secretKeyFile: file }))).toMatchObject({ code: "secret_key_exists" });
    const { cs } = await aFloor({}, { secretKeyFile: file });
    chmodSync(file, 0o644);
    expect((await refusal(() => cs.secrets.put("a", { value: "value" }))).code).toBe("secret_key_unusable");
    expect((await refusal(() => cs.work({ name: "n", types: [telltale] }))).code).toBe("secret_key_unusable");
    chmodSync(file, 0o600);
    writeFileSync(file, "no key\n");
    expect((await refusal(() => cs.secrets.put("a", { value: "value" }))).code).toBe("secret_key_unusable");
  });

  test("that were named and are not there keep a node from starting; without a name it starts, and has none", async () => {
    const { cs } = await aFloor({}, { secretKeyFile: join(aDirectory(), "none") });
    expect((await refusal(() => cs.work({ name: "n", types: [telltale] }))).code).toBe("secret_key_missing");
    const { work } = await aFloor();
    await work();
  });

  test("are what a job with a reference waits for", async () => {
    const { cs, create, database, stage } = await aFloor({}, { alone: true });
    expect((await refusal(() => cs.secrets.put("a", { value: "value" }))).code).toBe("secret_key_missing");
    const secretKeyFile = await aKeyFile();
    const keeper = await database.open({ secretKeyFile });
    await keeper.secrets.put("a", { value: "value" });
    await cs.work({ name: "without", types: [stage.type] });
    const job = await create({ configuration: { a: "secret://a" } });
    const plain = await create();
    (await stage.nth(1)).returns("plain");
    await cs.jobs.wait(plain);
    expect((await cs.jobs.explain(job)).details).toMatchObject({ missing: ["callsheet.secrets"] });
    await keeper.work({ name: "with", types: [stage.type] });
    const { context, returns } = await stage.nth(2);
    expect(context.configuration).toEqual({ a: "value" });
    returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", node: "with" });
  });

  test("rotate: a new one seals, each opens what it sealed, until all are sealed anew", async () => {
    const { cs, secretKeyFile, database } = await aSafeFloor(() => null);
    const first = (await cs.secrets.list())[0]!.keyId;
    const { keyId: second } = await addSecretKey({ secretKeyFile });
    expect(statSync(secretKeyFile).mode & 0o777).toBe(0o600);
    await cs.secrets.put("newer", { value: "newer value" });
    expect((await cs.secrets.list()).map(({ keyId }) => keyId)).toEqual([second, first]);
    expect(await cs.secrets.rotate()).toEqual({ keyId: second, secretCount: 1 });
    expect(await cs.secrets.rotate()).toEqual({ keyId: second, secretCount: 0 });
    // Without the first key.
    const kept = readFileSync(secretKeyFile, "utf8").trim().split("\n").at(-1)!;
    writeFileSync(secretKeyFile, `${kept}\n`);
    const seen: unknown[] = [];
    const floor = await database.open({ secretKeyFile });
    const type = defineActionType({
      ...{ type: "reads", version: 1, configuration: z.looseObject({}) },
      run: async ({ configuration }) => void seen.push(configuration),
    });
    await floor.actions.put({ name: "reads", type });
    await floor.work({ name: "reads", types: [type] });
    const job = await floor.jobs.create("reads", { configuration: { a: "secret://token", b: "secret://newer" } });
    expect((await floor.jobs.wait(job)).state).toBe("completed");
    expect(seen).toEqual([{ a: TOKEN, b: "newer value" }]);
  });

  test("that are lost cannot be replaced: what they sealed is told of, and what another row sealed is not taken", async () => {
    const { cs, create, secretKeyFile, database } = await aSafeFloor(() => null);
    await cs.secrets.put("other", { value: "other value" });
    await database.db.query(sql`
      update callsheet.secret s set sealed = o.sealed from callsheet.secret o where s.name = 'token' and o.name = 'other'`);
    const swapped = await create({ configuration: { a: "secret://token" } });
    expect((await cs.jobs.wait(swapped)).error).toMatchObject({ code: "secret_damaged" });
    writeFileSync(secretKeyFile, `${Buffer.alloc(32, 1).toString("base64")}\n`);
    const job = await create({ configuration: { a: "secret://other" } });
    expect((await cs.jobs.wait(job)).error).toMatchObject({ code: "secret_key_missing" });
    expect((await refusal(() => cs.secrets.rotate())).code).toBe("secret_key_missing");
  });
});

test.each([
  ["a name that is none", "No Name", { value: "value" }],
  ["a value that is too short to be hidden", "a", { value: "abc" }],
  ["a value that is too long", "a", { value: "a".repeat(16_385) }],
  ["a value that is no text", "a", { value: 12345 }],
  ["no value", "a", undefined],
  ["actions that are no names", "a", { value: "value", actions: ["No Name"] }],
])("a secret with %s is refused, without telling its value", async (_, name, secret) => {
  const { cs } = await aFloor({}, { secretKeyFile: await aKeyFile() });
  expect(await refusal(() => cs.secrets.put(name, secret as never))).toMatchObject({ code: "invalid_argument" });
});
