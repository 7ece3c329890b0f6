import { defineActionType, ERRORS } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet } from "../../src/index.ts";
import { aFloor, type Floor, refusal } from "../fixtures/floor.ts";

/** A call as a caller without types may write it. */
// biome-ignore lint/suspicious/noExplicitAny: what types would refuse is what is tested.
type Loose = any;
type Call = (cs: Loose, floor: Floor) => unknown;
type Row = readonly [what: string, call: Call, code: keyof typeof ERRORS, field?: string];

const NUL = "a\0b";
const HALF = "\ud83d";
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const huge = "x".repeat(1_100_000);
const FAR = new Date(Date.UTC(12_000, 0, 1));
const create =
  (input: Loose): Call =>
  (cs, { name }) =>
    cs.jobs.create(name, input);

const CREATION: readonly Row[] = [
  ["an action that nobody made", (cs) => cs.jobs.create("nobody"), "unknown_action"],
  ["an action whose name is none", (cs) => cs.jobs.create("No Such Name\0"), "unknown_action"],
  ["no action", (cs) => cs.jobs.create(undefined), "invalid_argument", "action"],
  ["an action that is a number", (cs) => cs.jobs.create(5), "invalid_argument", "action"],
  ["an action that is no handle", (cs) => cs.jobs.create({}), "invalid_argument", "action"],
  ["a description that is null", create(null), "invalid_argument", "input"],
  ["a description that is a text", create("soon"), "invalid_argument", "input"],
  ["a description that is a list", create([]), "invalid_argument", "input"],
  ["a field that jobs do not have", create({ config: {} }), "invalid_argument", "config"],
  ["many descriptions that are no list", (cs, { name }) => cs.jobs.createMany(name, {}), "invalid_argument", "inputs"],
  [
    "a description among many that is null",
    (cs, { name }) => cs.jobs.createMany(name, [{}, null]),
    "invalid_argument",
    "input",
  ],
  ["a configuration that is a number", create({ configuration: 5 }), "invalid_argument", "configuration"],
  ["a configuration that is null", create({ configuration: null }), "invalid_argument", "configuration"],
  ["a configuration that is a list", create({ configuration: [1] }), "invalid_argument", "configuration"],
  ["a configuration with NUL", create({ configuration: { a: NUL } }), "invalid_argument", "configuration"],
  ["a configuration with NUL in a key", create({ configuration: { [NUL]: 1 } }), "invalid_argument", "configuration"],
  [
    "a configuration with half a surrogate pair",
    create({ configuration: { a: HALF } }),
    "invalid_argument",
    "configuration",
  ],
  ["a configuration with a cycle", create({ configuration: cyclic }), "invalid_argument", "configuration"],
  ["a configuration with a BigInt", create({ configuration: { n: 1n } }), "invalid_argument", "configuration"],
  ["a configuration of more than 1 MiB", create({ configuration: { huge } }), "payload_too_large", "configuration"],
  ["variables that are a list", create({ variables: [] }), "invalid_argument", "variables"],
  ["variables with NUL", create({ variables: { a: NUL } }), "invalid_argument", "variables"],
  ["variables of more than 1 MiB", create({ variables: { huge } }), "payload_too_large", "variables"],
  ["a start time that is a text", create({ startAt: "tomorrow" }), "invalid_argument", "startAt"],
  ["a start time that is a number", create({ startAt: 0 }), "invalid_argument", "startAt"],
  ["a start time that is no date", create({ startAt: new Date("x") }), "invalid_argument", "startAt"],
  ["a start time beyond the year 9999", create({ startAt: FAR }), "invalid_argument", "startAt"],
  ["a start time before 1970", create({ startAt: new Date(-1) }), "invalid_argument", "startAt"],
  ["a priority that does not exist", create({ priority: "asap" }), "invalid_argument", "priority"],
  ["a priority that is null", create({ priority: null }), "invalid_argument", "priority"],
  ["a priority out of the scale", create({ priority: 7 }), "invalid_argument", "priority"],
  ["an owner that is a number", create({ owner: 5 }), "invalid_argument", "owner"],
  ["an owner that is empty", create({ owner: "" }), "invalid_argument", "owner"],
  ["an owner with NUL", create({ owner: NUL }), "invalid_argument", "owner"],
  ["an owner with half a surrogate pair", create({ owner: HALF }), "invalid_argument", "owner"],
  ["an owner that is too long", create({ owner: "x".repeat(201) }), "invalid_argument", "owner"],
  ["tags that are a text", create({ tags: "news" }), "invalid_argument", "tags"],
  ["tags that are numbers", create({ tags: [1] }), "invalid_argument", "tags"],
  ["tags that are null", create({ tags: null }), "invalid_argument", "tags"],
  ["a tag with NUL", create({ tags: ["ok", NUL] }), "invalid_argument", "tags"],
  ["too many tags", create({ tags: Array.from({ length: 101 }, String) }), "invalid_argument", "tags"],
  ["a target that is a text", create({ target: "asset/1" }), "invalid_argument", "target"],
  ["a target without an id", create({ target: { type: "asset" } }), "invalid_argument", "target"],
  ["a target whose id is a number", create({ target: { type: "asset", id: 17 } }), "invalid_argument", "target"],
  [
    "a target whose id is too long",
    create({ target: { type: "asset", id: "ä".repeat(101) } }),
    "invalid_argument",
    "target",
  ],
  ["a target with NUL", create({ target: { type: "asset", id: NUL } }), "invalid_argument", "target.id"],
  [
    "a target with half a surrogate pair",
    create({ target: { type: HALF, id: "1" } }),
    "invalid_argument",
    "target.type",
  ],
  ["a key that is a number", create({ idempotencyKey: 5 }), "invalid_argument", "idempotencyKey"],
  ["a key that is empty", create({ idempotencyKey: "" }), "invalid_argument", "idempotencyKey"],
  ["a key with NUL", create({ idempotencyKey: NUL }), "invalid_argument", "idempotencyKey"],
];

const ID = "01890000-0000-7000-8000-000000000000";
const JOBS: readonly Row[] = [
  ...([undefined, null, 5, {}, "", "abc", `${ID}0`, NUL] as Loose[]).flatMap((id): Row[] => [
    [`reading ${JSON.stringify(id)}`, (cs) => cs.jobs.get(id), "invalid_argument", "id"],
    [`the history of ${JSON.stringify(id)}`, (cs) => cs.jobs.history(id), "invalid_argument", "id"],
    [`the log of ${JSON.stringify(id)}`, (cs) => cs.jobs.log(id), "invalid_argument", "id"],
    [`cancelling ${JSON.stringify(id)}`, (cs) => cs.jobs.cancel(id), "invalid_argument", "id"],
    [`waiting for ${JSON.stringify(id)}`, (cs) => cs.jobs.wait(id), "invalid_argument", "id"],
  ]),
  ["a job that does not exist", (cs) => cs.jobs.get(ID), "job_not_found"],
  ["a job that does not exist, to be amended", (cs) => cs.jobs.amend(ID, {}), "job_not_found"],
  ["a start time that is null", (cs) => cs.jobs.schedule(ID, null), "invalid_argument", "startAt"],
  ["a start time that is a text", (cs) => cs.jobs.schedule(ID, "now"), "invalid_argument", "startAt"],
  ["a start time that is missing", (cs) => cs.jobs.schedule(ID), "invalid_argument", "startAt"],
  ["a start time far away", (cs) => cs.jobs.schedule(ID, FAR), "invalid_argument", "startAt"],
  ["a priority that does not exist", (cs) => cs.jobs.setPriority(ID, "asap"), "invalid_argument", "priority"],
  ["a configuration that is null", (cs) => cs.jobs.amend(ID, null), "invalid_argument", "configuration"],
  ["a configuration that is a text", (cs) => cs.jobs.amend(ID, "x"), "invalid_argument", "configuration"],
  ["a filter that is null", (cs) => cs.jobs.list(null), "invalid_argument", "filter"],
  ["a filter by what jobs do not have", (cs) => cs.jobs.list({ colour: "red" }), "invalid_argument", "colour"],
  [
    "a filter by a state that does not exist",
    (cs) => cs.jobs.list({ states: ["asleep"] }),
    "invalid_argument",
    "states",
  ],
  ["a filter by states that are a text", (cs) => cs.jobs.list({ states: "failed" }), "invalid_argument", "states"],
  ["a filter by a target without an id", (cs) => cs.jobs.list({ target: { type: "a" } }), "invalid_argument", "target"],
  ["a filter by an owner with NUL", (cs) => cs.jobs.list({ owner: NUL }), "invalid_argument", "owner"],
  ["a filter by a tag that is a number", (cs) => cs.jobs.list({ tag: 5 }), "invalid_argument", "tag"],
  ["a page after nothing", (cs) => cs.jobs.list({ after: "x" }), "invalid_argument", "after"],
  ...[0, -1, 1.5, 1_001, "10", Number.NaN].map(
    (limit): Row => [`a page of ${limit}`, (cs) => cs.jobs.list({ limit }), "invalid_argument", "limit"],
  ),
];

const fine = defineActionType({ type: "fine", version: 1, configuration: z.object({}), run: async () => null });
const OTHERS: readonly Row[] = [
  ["an action that is null", (cs) => cs.actions.put(null), "invalid_argument"],
  ["an action without a name", (cs) => cs.actions.put({ type: "t" }), "invalid_argument"],
  ["an action without a type", (cs) => cs.actions.put({ name: "n" }), "invalid_argument"],
  ["an action whose type is null", (cs) => cs.actions.put({ name: "n", type: null }), "invalid_argument"],
  ["an action whose type has no code", (cs) => cs.actions.put({ name: "n", type: { type: "t" } }), "invalid_argument"],
  [
    "an action with a field that actions do not have",
    (cs) => cs.actions.put({ name: "n", type: "t", colour: 1 }),
    "invalid_argument",
  ],
  [
    "an action with a time-out that is a text",
    (cs) => cs.actions.put({ name: "n", type: "t", timeoutMs: "1s" }),
    "invalid_argument",
  ],
  [
    "an action with a time-out of nothing",
    (cs) => cs.actions.put({ name: "n", type: "t", timeoutMs: 0 }),
    "invalid_argument",
  ],
  [
    "an action with a negative number of retries",
    (cs) => cs.actions.put({ name: "n", type: "t", retry: { limit: -1 } }),
    "invalid_argument",
  ],
  [
    "an action with NUL in its description",
    (cs) => cs.actions.put({ name: "n", type: "t", description: NUL }),
    "invalid_argument",
  ],
  [
    "an action with NUL in its configuration",
    (cs) => cs.actions.put({ name: "n", type: "t", configuration: { a: NUL } }),
    "invalid_argument",
  ],
  ["an action in capitals", (cs) => cs.actions.put({ name: "N", type: "t" }), "invalid_argument"],
  [
    "an isolated action without a module",
    (cs) => cs.actions.put({ name: "n", type: fine, isolation: "process" }),
    "invalid_argument",
    "isolation",
  ],
  [
    "a change to what actions do not have",
    (cs, { name }) => cs.actions.change(name, { colour: 1 }),
    "invalid_argument",
  ],
  ["a copy to a name that is none", (cs, { name }) => cs.actions.copy(name, "A b"), "invalid_argument"],
  ["reading an action with NUL in its name", (cs) => cs.actions.get(NUL), "unknown_action"],
  ["reading an action that is null", (cs) => cs.actions.get(null), "unknown_action"],
  ["an actor that is empty", (cs) => cs.as(""), "invalid_argument", "actor"],
  ["an actor that is a number", (cs) => cs.as(5), "invalid_argument", "actor"],
  ["an actor with NUL", (cs) => cs.as(NUL), "invalid_argument", "actor"],
  ["a reason with NUL", (cs) => cs.as("ada", NUL), "invalid_argument", "reason"],
  ["a reason that is too long", (cs) => cs.as("ada", "x".repeat(2_001)), "invalid_argument", "reason"],
  ["a node without options", (cs) => cs.work(), "invalid_argument", "name"],
  ["a node without a name", (cs) => cs.work({ types: [fine] }), "invalid_argument", "name"],
  ["a node with NUL in its name", (cs) => cs.work({ name: NUL, types: [fine] }), "invalid_argument", "name"],
  ["a node without types", (cs) => cs.work({ name: "n" }), "invalid_argument", "types"],
  ["a node with no type", (cs) => cs.work({ name: "n", types: [] }), "invalid_argument", "types"],
  ["a node with a type that is null", (cs) => cs.work({ name: "n", types: [null] }), "invalid_argument", "type"],
  ["a node with a type that is a name", (cs) => cs.work({ name: "n", types: ["fine"] }), "invalid_argument", "type"],
  [
    "a node without a handler",
    (cs) => cs.work({ name: "n", types: [{ ...fine, run: 5 }] }),
    "invalid_argument",
    "type",
  ],
  ["a node whose site is a number", (cs) => cs.work({ name: "n", site: 5, types: [fine] }), "invalid_argument", "site"],
  ...[0, -1, 1.5, "4", 10_001, null].map(
    (slots): Row => [
      `a node with ${slots} slots`,
      (cs) => cs.work({ name: "n", slots, types: [fine] }),
      "invalid_argument",
      "slots",
    ],
  ),
  ["a queue of nothing", (cs) => cs.configure({ queueCapacity: 0 }), "invalid_argument", "queueCapacity"],
  [
    "a queue whose capacity is a text",
    (cs) => cs.configure({ queueCapacity: "9" }),
    "invalid_argument",
    "queueCapacity",
  ],
  ["ageing by no step", (cs) => cs.configure({ ageingStepMs: -1 }), "invalid_argument", "ageingStepMs"],
];

/** One sentence, a code, what to do next, and the field. */
async function expectRefusal(floor: Floor, [, call, code, field]: Row): Promise<void> {
  const error = await refusal(async () => call(floor.cs, floor));
  expect(error.code, error.message).toBe(code);
  expect(error.next).toBe(ERRORS[code].next);
  expect(error.message).toMatch(/^\S[^\n]{5,400}[.!]$/);
  if (field !== undefined) {
    expect(error.details.field).toBe(field);
  }
}

describe("is refused, and nothing is stored of it", () => {
  test.each([
    ["creation", CREATION],
    ["jobs", JOBS],
    ["actions, nodes and the rest", OTHERS],
  ])("%s", async (_, rows) => {
    const floor = await aFloor();
    for (const row of rows)
      await expectRefusal(floor, row).catch((error: Error) => {
        throw new Error(`${row[0]}: ${error.message}`);
      });
    expect(await floor.cs.jobs.list({ action: floor.name })).toEqual([]);
    expect((await floor.cs.actions.list()).map(({ name }) => name)).not.toContain("n");
    expect(floor.troubles).toEqual([]);
    await floor.create();
  });

  test("a configuration that does not fit its action type's schema: the message names each field", async () => {
    const { cs, name } = await aFloor();
    const configuration = z.strictObject({
      preset: z.enum(["proxy", "master"]),
      nested: z.object({ crf: z.number() }),
    });
    const type = defineActionType({ type: `${name}-strict`, version: 1, configuration, run: async () => null });
    await cs.actions.put({ name: `${name}-strict`, type });
    const bad = { preset: "prxy", nested: { crf: "20" }, colour: "red" } as Loose;
    const error = await refusal(() => cs.jobs.create(`${name}-strict`, { configuration: bad }));
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expect(error.message).toContain("preset");
    expect(error.message).toContain("nested.crf");
    expect(error.message).toContain("colour");
    expect(error.details.problems).toHaveLength(3);
    expect(await cs.jobs.list({ action: `${name}-strict` })).toEqual([]);
  });
});

describe("is taken as it is", () => {
  const odd = "tab\t newline\n bell\u0007 escape\u001b quote' \" \\ \u2028 \u{1F3AC} \u0000".replace("\0", "");

  test("whatever text PostgreSQL can store, control characters too", async () => {
    const { cs, name } = await aFloor();
    const input = {
      ...{ configuration: { [odd]: odd }, variables: { [odd]: [odd] }, tags: [odd], owner: odd, idempotencyKey: odd },
      target: { type: `x${odd}x`, id: `x${odd}x` },
    };
    const job = await (cs.as(odd, odd) as Callsheet).jobs.create(name, input);
    expect(await cs.jobs.get(job)).toMatchObject(input);
    expect(await cs.jobs.list({ owner: odd, tag: odd })).toHaveLength(1);
    await cs.as(odd, odd).jobs.cancel(job);
    expect((await cs.jobs.history(job)).map(({ actor, reason }) => [actor, reason])).toEqual([
      ...[
        [odd, odd],
        [odd, odd],
      ],
    ]);
  });

  test("a start time at the far end of the calendar, and at its beginning", async () => {
    const { cs, create: make } = await aFloor();
    for (const startAt of [new Date(Date.UTC(9999, 11, 31)), new Date(0)])
      expect(await cs.jobs.get(await make({ startAt }))).toMatchObject({ startAt });
  });

  test("a configuration of almost 1 MiB", async () => {
    const { cs, create: make } = await aFloor();
    const configuration = { text: "ä".repeat(524_000) };
    expect((await cs.jobs.get(await make({ configuration }))).configuration).toEqual(configuration);
  });
});
