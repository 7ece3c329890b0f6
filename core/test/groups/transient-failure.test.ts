import { expect, test } from "vitest";
import { aFloorWith, type Context } from "../fixtures/floor.ts";
import { crews } from "./crew.ts";

/** Fails twice, and completes at the third attempt. */
const failsTwice = async ({ attempt }: Context) => {
  if (attempt < 3) throw new Error(`not yet, attempt ${attempt}`);
};

test("who looks all the time never sees a job failed that is to be tried again, nor its group", async () => {
  const retry = { limit: 2, delayMs: 20, backoff: "constant" } as const;
  const floor = await aFloorWith(failsTwice, { retry, flags: ["groupMember"] }, { resolvers: [crews] });
  const { cs, create } = floor;
  const group = await create({ target: { type: "crew", id: "2" } });
  const seen = { members: new Set<string>(), group: new Set<string>(), settled: new Set<string>() };
  let ended: string | undefined;
  // Whoever depends on the group hears of it once, when it has settled.
  const waits = cs.jobs.wait(group).then(({ state }) => {
    ended = state;
  });
  while (ended === undefined) {
    const [{ state, isSettled, counts }, members] = [
      await cs.groups.get(group),
      await cs.jobs.list({ parentId: group.id }),
    ];
    seen.group.add(state);
    if (isSettled) seen.settled.add(state);
    for (const member of members) seen.members.add(member.state);
    expect(counts.bad).toBe(0);
  }
  await waits;
  expect(ended).toBe("completed");
  expect(seen.members).not.toContain("failed");
  expect(seen.group).not.toContain("failed");
  expect([...seen.settled].filter((state) => state !== "completed")).toEqual([]);
  expect((await cs.jobs.history(group)).map(({ event }) => event)).toEqual(["create", "begun", "settled"]);
  for (const member of await cs.jobs.list({ parentId: group.id })) {
    const history = await cs.jobs.history(member);
    expect(history.map(({ to }) => to).filter((to) => to === "retrying")).toHaveLength(2);
    expect(history.map(({ to }) => to)).not.toContain("failed");
  }
});
