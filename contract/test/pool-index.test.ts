import fc from "fast-check";
import { expect, test } from "vitest";
import { asksOf, decide } from "../src/model/decide.ts";
import { PoolIndex } from "../src/model/pool-index.ts";
import type { LaneFacts, PoolFacts } from "../src/model/world.ts";

const NAMES = ["a", "b", "c"];
const TAGS = ["gpu", "fast"];
const SCOPES = ["cluster", "site/a", "site/b", "node/a", "node/b", "action", "queue", "site"];

const pool = fc.record({
  name: fc.constantFrom(...NAMES),
  scope: fc.constantFrom(...SCOPES),
  tags: fc.subarray(TAGS),
});
const pools = fc
  .uniqueArray(pool, { selector: ({ scope, name }) => `${scope} ${name}` })
  .map((all) => all.map((one, n) => asPool(n + 1, one)));
const lane = fc.record({
  site: fc.constantFrom(...NAMES),
  queue: fc.constantFrom(...NAMES),
  action: fc.constantFrom(...NAMES),
  needs: fc.uniqueArray(fc.constantFrom(...NAMES, ...TAGS.map((tag) => `#${tag}`))),
});

function asPool(id: number, of: Pick<PoolFacts, "name" | "scope" | "tags">): PoolFacts {
  return { ...{ id, capacity: 9, used: 0, state: "started", reservation: null }, ...of };
}

function asLane(
  id: number,
  { needs, ...of }: { needs: string[]; site: string; queue: string; action: string },
): LaneFacts {
  return { ...of, id, pause: null, needs: { units: Object.fromEntries(needs.map((need) => [need, 1])) } };
}

test("each need is met by the nearest pool of its name or those of its tag, and every limit of the lane counts", () => {
  fc.assert(
    fc.property(pools, lane, fc.constantFrom("a", "b"), (all, facts, node) => {
      const near = [`node/${node}`, `site/${facts.site}`, "cluster"];
      const named = (name: string) =>
        near.flatMap((scope) => all.filter((one) => one.scope === scope && one.name === name)).slice(0, 1);
      const tagged = (tag: string) => all.filter(({ tags, scope }) => tags.includes(tag) && near.includes(scope));
      const limits = (["action", "queue", "site"] as const).flatMap((scope) =>
        all.filter((one) => one.scope === scope && one.name === facts[scope]),
      );
      const expected = [
        ...facts.needs.map((need) => (need.startsWith("#") ? tagged(need.slice(1)) : named(need))),
        ...limits.map((one) => [one]),
      ];
      expect(asksOf(asLane(1, facts), node, new PoolIndex(all)).map((ask) => ask.pools)).toEqual(expected);
    }),
  );
});

/** A thousand pools, and how often the scope of one was read. */
function countedPools() {
  const count = { reads: 0 };
  const pools = Array.from({ length: 1_000 }, (_, n) => {
    const get = () => {
      count.reads += 1;
      return "cluster";
    };
    return Object.defineProperty(asPool(n, { name: `pool-${n}`, scope: "cluster", tags: [] }), "scope", { get });
  });
  return { pools, count };
}

test("what a thousand lanes ask for is found without looking at a thousand pools for each", () => {
  const { pools: counted, count } = countedPools();
  const index = new PoolIndex(counted);
  for (const n of counted.keys()) {
    const facts = { needs: [`pool-${n}`], site: "here", queue: "media", action: `action-${n}` };
    expect(asksOf(asLane(n, facts), "one", index)).toMatchObject([{ pools: [{ id: n }] }]);
  }
  expect(count.reads).toBeLessThan(10_000);
});

test("whoever decides on the same list of pools time and again makes one index of it", () => {
  const { pools: counted, count } = countedPools();
  const lane = asLane(1, { needs: ["pool-7"], site: "here", queue: "media", action: "encode" });
  const job = { id: "a", lane, locks: [], ticket: null, expectedMs: null };
  const node = { name: "one", site: "here", capabilities: new Set<string>() };
  for (let times = 0; times < 100; times += 1)
    expect(decide([job], { now: new Date(0), node, pools: counted, objects: [] })).toMatchObject([{ kind: "start" }]);
  expect(count.reads).toBeLessThan(10_000);
});
