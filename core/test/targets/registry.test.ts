import type { Resolver, Target } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { createTargetRegistry } from "../../src/operations/target-registry.ts";

const reels: Resolver = {
  type: "reel",
  names: async (ids) => new Map(ids.filter((id) => id !== "lost").map((id) => [id, `Reel ${id}`])),
  async *members(id) {
    for (const take of [1, 2]) yield { type: "take", id: `${id}/${take}` };
  },
};

async function all(members: AsyncIterable<Target>): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of members) ids.push(id);
  return ids;
}

describe("objects of an application", () => {
  test("are named by the resolver of their type, in the order asked for", async () => {
    const targets = createTargetRegistry([reels], () => {});
    const asked = [
      { type: "reel", id: "2" },
      { type: "file", id: "2" },
      { type: "reel", id: "lost" },
      { type: "reel", id: "1" },
    ];
    expect(await targets.names(asked)).toEqual(["Reel 2", undefined, undefined, "Reel 1"]);
  });

  test("are asked for once, however often they are named", async () => {
    const calls: (readonly string[])[] = [];
    const names = async (ids: readonly string[]) => {
      calls.push(ids);
      return new Map<string, string>();
    };
    const counting = { type: "reel", names };
    const twice = [
      { type: "reel", id: "1" },
      { type: "reel", id: "1" },
    ];
    await createTargetRegistry([counting], () => {}).names(twice);
    expect(calls).toEqual([["1"]]);
  });

  test("stay without a name when their resolver fails, which is told", async () => {
    const troubles: unknown[] = [];
    const broken = { type: "reel", names: () => Promise.reject(new Error("no archive")) };
    const targets = createTargetRegistry([broken], (error) => troubles.push(error));
    expect(await targets.names([{ type: "reel", id: "1" }])).toEqual([undefined]);
    expect(troubles).toEqual([new Error("no archive")]);
  });

  test("are groups when their resolver tells members", async () => {
    const targets = createTargetRegistry([reels, { type: "take" }], () => {});
    expect(await all(targets.members({ type: "reel", id: "7" }))).toEqual(["7/1", "7/2"]);
    for (const type of ["take", "unheard of"])
      expect(() => targets.members({ type, id: "7" })).toThrow(expect.objectContaining({ code: "not_a_group" }));
  });

  test.each([[[reels, reels]], [[{ type: "" }]], [[undefined]]])(
    "have one resolver a type, which names it",
    (given) => {
      const make = () => createTargetRegistry(given as readonly Resolver[], () => {});
      expect(make).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    },
  );
});
