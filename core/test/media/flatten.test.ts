import fc from "fast-check";
import { expect, test } from "vitest";
import { isCallsheetError, type Member } from "../../src/index.ts";
import { assetsOf } from "../../src/operations/media/members.ts";
import { builtInResolvers } from "../../src/operations/media/resolvers.ts";
import type { Step } from "../../src/store/collections.ts";
import { aCallsheet, all } from "./place.ts";

/** Collections by number, each a list of members in order. */
type World = readonly (readonly Member[])[];

/** What a collection holds, by the plainest rules there are; undefined: it contains itself. */
function flattened(world: World, id: number, above: readonly number[] = []): readonly string[] | undefined {
  if (above.includes(id)) return undefined;
  const parts = world[id]!.map((one) =>
    one.type === "asset" ? [one.id] : flattened(world, Number(one.id), [...above, id]),
  );
  return parts.includes(undefined) ? undefined : [...new Set((parts as string[][]).flat())];
}

const isSound = (world: World): boolean => world.every((_, id) => flattened(world, id) !== undefined);

const COLLECTIONS = 6;
const ASSETS = 8;
const aMember = fc.oneof(
  fc.record({ type: fc.constant("asset" as const), id: fc.nat(ASSETS - 1).map((n) => `a${n}`) }),
  fc.record({ type: fc.constant("collection" as const), id: fc.nat(COLLECTIONS - 1).map(String) }),
);
const aStep = fc.record({
  into: fc.nat(COLLECTIONS - 1),
  members: fc.array(aMember, { minLength: 1, maxLength: 4 }),
  adds: fc.boolean(),
});

test("whatever is added and removed: what would close a circle is refused, and the rest is flattened as the model says", async () => {
  const { cs, database } = await aCallsheet();
  await cs.assets.createMany(
    Array.from({ length: ASSETS }, (_, n) => ({ id: `a${n}`, root: "main", path: `${n}.mov` })),
  );
  const group = builtInResolvers(database.store).find(({ type }) => type === "collection")!;
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 12 }), async (steps) => {
      round += 1;
      const ids: string[] = [];
      for (let n = 0; n < COLLECTIONS; n++) ids.push((await cs.collections.create(`${round}/${n}`)).id);
      const real = (member: Member) => (member.type === "asset" ? member : { ...member, id: ids[Number(member.id)]! });
      let world: World = ids.map(() => []);
      for (const { into, members, adds } of steps) {
        const isIn = (one: Member, list: readonly Member[]) =>
          list.some(({ type, id }) => type === one.type && id === one.id);
        const before = world[into]!;
        const after = adds
          ? [...before, ...members.filter((one, n) => !isIn(one, before) && !isIn(one, members.slice(0, n)))]
          : before.filter((one) => !isIn(one, members));
        const next = world.with(into, after);
        const change = adds ? cs.collections.add : cs.collections.remove;
        const answer = await change
          .call(cs.collections, ids[into]!, members.map(real))
          .catch((error: unknown) => error);
        if (isSound(next)) expect(answer).toBe(Math.abs(after.length - before.length));
        else expect(isCallsheetError(answer) && answer.code).toBe("collection_circle");
        if (isSound(next)) world = next;
      }
      for (const [n, id] of ids.entries()) {
        const members = await all(group.members!(id));
        expect(members.map((member) => member.id)).toEqual(flattened(world, n));
      }
    }),
    { numRuns: 60 },
  );
});

test("a large collection is read a page at a time, as slowly as it is used", async () => {
  const reads: number[] = [];
  const endless = {
    readCollection: async () => ({ id: "all" }) as never,
    stepsOf: async (_: string, after: number, limit: number): Promise<readonly Step[]> => {
      reads.push(after);
      return Array.from({ length: limit }, (_, n) => ({
        ...{ type: "asset", id: `${after + n + 1}`, position: after + n + 1, isShared: false },
      })) as readonly Step[];
    },
  };
  const members = assetsOf(endless, "all");
  for (let n = 1; n <= 1_001; n++) expect((await members.next()).value).toBe(String(n));
  expect(reads).toEqual([0, 1_000]);
  await members.return(undefined);
  expect(reads).toHaveLength(2);
});

test("collections are nested as deep as one likes", async () => {
  const { cs } = await aCallsheet();
  await cs.assets.create({ id: "deep", root: "main", path: "deep.mov" });
  let member: Member = { type: "asset", id: "deep" };
  for (let depth = 0; depth < 200; depth++)
    member = { type: "collection", id: (await cs.collections.create(`level ${depth}`, [member])).id };
  expect((await all(cs.collections.assets(member.id))).map(({ id }) => id)).toEqual(["deep"]);
});
