import { expect, test } from "vitest";
import { Claimer } from "../../src/engine/claimer.ts";
import type { ClaimerOptions } from "../../src/engine/claiming.ts";
import { Keeping } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import { Scouts } from "../../src/engine/scouts.ts";
import type { Hint } from "../../src/operations/hint.ts";
import type { ClaimRequest, Watermark } from "../../src/store/claim.ts";

const WANT = 4;
const facts = {
  type: "copy",
  needs: {},
  site: "default",
  isContended: false,
  isShared: false,
  isGrouped: false,
  pause: null,
};
const LANES = [1, 2].map((id) => ({ ...facts, id }));
const came = (jobId?: string, laneId = 1): Hint => ({ kind: "lane", laneId, rank: 3, jobId, isNew: true });
const LAST: Watermark = { rank: 3, dueAt: "2026-01-01T00:00:00.5+00:00", id: "00000000-0000-4000-8000-000000000001" };

/** A claimer over two lanes, at a time that the test moves; notes what it asks for, and from where on. `lone`: what is answered of one job. */
async function aClaimer(lone: "taken" | "waits" | "gone" = "taken") {
  const asked: string[] = [];
  const place = { now: 0, left: 0, lone, after: undefined as Watermark | undefined };
  const taken = (jobId: string) => ({ id: jobId });
  const hot = {
    claim: async ({ want, lanes }: ClaimRequest) => {
      asked.push("many");
      place.after = lanes[0]!.after;
      const count = Math.min(want, place.left);
      place.left -= count;
      const marks = new Map(count > 0 ? [[1, LAST]] : []);
      return { jobs: Array.from({ length: count }, (_, n) => taken(`m${n}`)), marks };
    },
    claimLone: async ({ jobId }: { jobId: string }) => {
      asked.push(jobId);
      return place.lone === "taken" ? taken(jobId) : place.lone;
    },
  };
  const timers = { after: () => ({ cancel: () => {} }) } as never;
  const environment = { monotonic: () => place.now, random: () => 0, timers };
  const part = {
    environment,
    store: { lanesFor: async () => LANES },
    scouts: new Scouts({ environment, census: { processes: 1 } }),
  } as unknown as Part;
  const claimer = new Claimer({
    ...{ nodeId: () => 1, name: "node", site: "default", running: () => new Map(), onHungry: () => {} },
    ...{ codes: new Map([["copy", { type: "copy", version: 1 }]]), capabilities: new Set(), hot: async () => hot },
    ...{ part, keeping: new Keeping(part, () => 1) },
  } as unknown as ClaimerOptions);
  const look = async (...hints: readonly (Hint | undefined)[]) => {
    asked.length = 0;
    for (const hint of hints) claimer.hear(hint);
    const { jobs } = await claimer.claim(WANT, false);
    return { asked: [...asked], jobs: jobs.map(({ id }) => id) };
  };
  return { look, place };
}

test("a node that found nothing takes the one job that it hears of by its key, and asks for nothing more", async () => {
  const { look } = await aClaimer();
  expect((await look()).asked).toEqual(["many"]);
  expect(await look(came("a"))).toEqual({ asked: ["a"], jobs: ["a"] });
  expect(await look(came("b", 2))).toEqual({ asked: ["b"], jobs: ["b"] });
  expect((await look()).asked).toEqual(["many"]);
});

test.each([
  ["several jobs", [came("a"), came("b")]],
  ["jobs that are not named", [came()]],
  ["a job, and that anything may have changed", [came("a"), undefined]],
  ["a job of a lane that it has no part in", [came("a", 3)]],
])("it looks at everything when it hears of %s", async (_, hints) => {
  const { look } = await aClaimer();
  await look();
  expect((await look(...hints)).asked).toEqual(["many"]);
});

test("it looks at everything while it does not know that nothing waits", async () => {
  const { look, place } = await aClaimer();
  expect((await look(came("first"))).asked).toEqual(["many"]);
  place.left = WANT + 1;
  expect((await look()).jobs).toHaveLength(WANT);
  expect((await look(came("a"))).asked).toEqual(["many"]);
});

test("a job that others wait beside is taken in its turn", async () => {
  const { look, place } = await aClaimer("waits");
  await look();
  place.left = 2;
  expect(await look(came("a"))).toEqual({ asked: ["a", "many"], jobs: ["m0", "m1"] });
});

test("after a job that others took it looks at everything only when that was not done for long", async () => {
  const { look, place } = await aClaimer("gone");
  await look();
  expect(await look(came("a"))).toEqual({ asked: ["a"], jobs: [] });
  expect((await look(came("b"))).asked).toEqual(["b"]);
  place.now = 6_000;
  expect((await look(came("c"))).asked).toEqual(["c", "many"]);
  expect((await look(came("d"))).asked).toEqual(["d"]);
});

test("a backlog is read on behind what was taken, and an emptied lane from a moment before that", async () => {
  const { look, place } = await aClaimer();
  place.left = WANT + 2;
  await look();
  expect(place.after).toBeUndefined();
  await look();
  expect(place.after).toEqual(LAST);
  for (let n = 0; n < 2; n++) {
    await look(came());
    expect(place.after).toEqual({ ...LAST, dueAt: "2026-01-01T00:00:00.250Z" });
  }
  expect((await look(came("a"))).asked).toEqual(["a"]);
});

test.each([
  ["of a better rank", { rank: 2, isNew: true }],
  ["that were there before", { rank: 3, isNew: false }],
])("it is read from its beginning after it has heard of jobs %s, and twice a second", async (_, { rank, isNew }) => {
  const { look, place } = await aClaimer();
  place.left = 2;
  await look();
  await look(came());
  expect(place.after).toBeDefined();
  await look({ kind: "lane", laneId: 1, rank, isNew });
  expect(place.after).toBeUndefined();
  place.left = 2;
  await look(came());
  await look(came());
  expect(place.after).toBeDefined();
  place.now += 500;
  await look(came());
  expect(place.after).toBeUndefined();
});
