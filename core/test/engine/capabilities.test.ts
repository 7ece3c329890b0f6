import { type ActionInput, defineActionType } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet } from "../../src/index.ts";
import { aFloor, aFloorWith, type Floor, inState, refusal } from "../fixtures/floor.ts";

/** A type that needs one encoder for each configuration that names one, and tells which node ran it. */
async function anEncoder(fields: Partial<ActionInput> = {}) {
  const floor: Floor = await aFloor();
  const name = `${floor.name}-encode`;
  const typeOn = (node: string) =>
    defineActionType({
      ...{
        type: name,
        version: 1,
        configuration: z.object({ codec: z.string().optional(), fails: z.boolean().default(false) }),
      },
      requires: ({ codec }) => (codec === undefined ? [] : [`encoder.${codec}`]),
      run: async ({ configuration }) => {
        if (configuration.fails) throw new Error("as asked");
        return node;
      },
    });
  const action = await floor.cs.actions.put({ retry: { limit: 0 }, ...fields, name, type: typeOn("here") });
  // A Callsheet of its own: the code of a type is kept by name.
  const nodeWith = async (...capabilities: string[]) => {
    const cs = await floor.database.open();
    const node = `${name}-${capabilities.join("+") || "bare"}`;
    await cs.work({ name: node, types: [typeOn(node)], capabilities });
    return node;
  };
  return { ...floor, name, action, nodeWith };
}

const placed = async (cs: Callsheet, jobs: readonly { id: string }[]) =>
  Promise.all(jobs.map(async (job) => (await cs.jobs.wait(job)).result));

describe("a job that needs capabilities", () => {
  test("is run only by a node that has all of them, others by any", async () => {
    const { cs, action, nodeWith } = await anEncoder();
    const bare = await nodeWith();
    const x265 = await cs.jobs.create(action, { configuration: { codec: "X265" } });
    const plain = await cs.jobs.create(action);
    expect(await placed(cs, [plain])).toEqual([bare]);
    expect((await cs.jobs.get(x265)).attempt).toBe(0);
    const able = await nodeWith(" Encoder.x265 ", "encoder.x265", "gpu");
    expect(await placed(cs, [x265])).toEqual([able]);
  });

  test("is told from its neighbours in one call", async () => {
    const { cs, action, nodeWith } = await anEncoder();
    const [a, b] = [await nodeWith("encoder.a"), await nodeWith("encoder.b")];
    const codecs = ["a", "b", "b", "a", "b"];
    const jobs = await cs.jobs.createMany(
      action,
      codecs.map((codec) => ({ configuration: { codec } })),
    );
    expect(await placed(cs, jobs)).toEqual([a, b, b, a, b]);
  });

  test("needs what its action says, too", async () => {
    const { cs, action, nodeWith } = await anEncoder({ requires: ["GPU", "gpu"] });
    expect(action.definition.requires).toEqual(["gpu"]);
    await nodeWith("encoder.a");
    const able = await nodeWith("encoder.a", "gpu");
    const jobs = await cs.jobs.createMany(action, [{ configuration: { codec: "a" } }, {}]);
    expect(await placed(cs, jobs)).toEqual([able, able]);
  });

  test("moves to another place in line when it is amended", async () => {
    const { cs, action, nodeWith } = await anEncoder();
    await nodeWith("encoder.a");
    const job = await cs.jobs.create(action, { configuration: { codec: "a", fails: true } });
    await inState(cs, job, "failed");
    await cs.jobs.amend(job, { codec: "b" });
    await cs.jobs.retry(job);
    const b = await nodeWith("encoder.b");
    expect(await placed(cs, [job])).toEqual([b]);

    const waiting = await cs.jobs.create(action, { configuration: { codec: "c" } });
    await cs.jobs.amend(waiting, { codec: "b" });
    expect(await placed(cs, [waiting])).toEqual([b]);
  });
});

describe("names of capabilities", () => {
  const TOO_MANY = Array.from({ length: 101 }, (_, n) => `c${n}`);
  const BAD: [string, unknown][] = [
    ["no list", "gpu"],
    ["no text", [5]],
    ["an empty one", [""]],
    ["a space within", ["a b"]],
    ["a letter of no machine", ["ä"]],
    ["one beyond 100 characters", ["x".repeat(101)]],
  ];

  test.each([...BAD, ["more than 100", TOO_MANY] as [string, unknown]])(
    "of an action and a type are refused: %s",
    async (_, names) => {
      const { cs, name } = await aFloor();
      expect(await refusal(() => cs.actions.put({ name, type: name, requires: names as string[] }))).toMatchObject({
        ...{ code: "invalid_argument", message: expect.stringContaining("requires") },
      });
      const type = defineActionType({
        ...{ type: `${name}-bad`, version: 1, configuration: z.object({}), run: async () => null },
        requires: () => names as string[],
      });
      const action = await cs.actions.put({ name: `${name}-bad`, type });
      expect(await refusal(() => cs.jobs.create(action))).toMatchObject({
        ...{ code: "invalid_argument", message: expect.stringContaining(`"${name}-bad" requires`) },
      });
    },
  );

  test.each(BAD)("of a node are refused: %s", async (_, names) => {
    const { cs, name, stage } = await aFloor();
    const capabilities = names as string[];
    expect(await refusal(() => cs.work({ name, types: [stage.type], capabilities }))).toMatchObject({
      ...{ code: "invalid_argument", details: { field: "capabilities" } },
    });
  });

  test("of a type that throws instead of telling them are refused", async () => {
    const { cs, name } = await aFloor();
    const type = defineActionType({
      ...{ type: name, version: 1, configuration: z.object({}), run: async () => null },
      requires: () => {
        throw new Error("no such preset");
      },
    });
    const action = await cs.actions.put({ name, type });
    expect(await refusal(() => cs.jobs.create(action))).toMatchObject({
      ...{ code: "invalid_argument", message: expect.stringContaining("no such preset") },
    });
  });

  test("are refused of a type whose requires is no function", async () => {
    const { cs, name } = await aFloor();
    const type = { type: name, version: 1, configuration: z.object({}), run: async () => null, requires: ["gpu"] };
    expect(await refusal(() => cs.actions.put({ name, type: type as never }))).toMatchObject({
      code: "invalid_argument",
    });
  });
});

test("an action that was stored before actions had requirements has none, and is not changed by being put again", async () => {
  const { cs, create, database, name, action } = await aFloorWith(() => "done", {}, { alone: true });
  await database.db.query({
    text: "update callsheet.action_version set definition = definition - 'requires'",
    values: [],
  });
  const { version: _, ...fields } = action;
  expect((await cs.actions.put(fields)).version).toBe(action.version);
  expect((await cs.actions.get(name)).requires).toEqual([]);
  expect((await cs.jobs.wait(await create())).state).toBe("completed");
});
