import { describe, expect, test } from "vitest";
import { aFarm, goesOn } from "../fixtures/farm.ts";
import { eventsOf, inState } from "../fixtures/floor.ts";

describe("work that goes on elsewhere", () => {
  test("takes no slot, keeps its locks and units, and is completed by its token", async () => {
    const { cs, create, tokens, work } = await aFarm({}, { needs: { licence: 1 }, lock: "exclusive" });
    await cs.resources.put("licence", { capacity: 2 });
    const node = await work();
    const target = { type: "asset", id: "A-1" };
    const [first, second] = [await create({ target }), await create({ target })];
    await goesOn(cs, first);
    expect(await cs.jobs.get(first)).toMatchObject({
      ...{ state: "running", node: null, attempt: 1 },
      elsewhere: { handle: { render: first.id }, attempt: 1, polledAt: null, nextPollAt: null, problem: null },
    });
    expect(node.running).toBe(0);
    await inState(cs, second, "waiting_for_lock");
    expect(await cs.resources.get("licence")).toMatchObject({ used: 1, holders: [{ jobId: first.id }] });
    const why = await cs.jobs.explain(first);
    expect(why).toMatchObject({ reason: "elsewhere", details: { elsewhere: { handle: { render: first.id } } } });
    expect(why.sentence).toContain("whoever has its completion token ends it");
    expect(await cs.elsewhere.complete(tokens.get(first.id)!, { frames: 25 })).toBe("completed");
    expect(await cs.jobs.wait(first)).toMatchObject({ state: "completed", result: { frames: 25 }, elsewhere: null });
    expect(await eventsOf(cs, first)).toEqual(["create", "elsewhere", "complete"]);
    await goesOn(cs, second);
    await cs.elsewhere.complete(second.id);
    expect(await cs.jobs.wait(second)).toMatchObject({ state: "completed", result: null });
  });
});
