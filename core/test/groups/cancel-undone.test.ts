import { snooze } from "@callsheet/contract";
import { expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { eventsOf } from "../fixtures/floor.ts";
import { aGate, aPlace } from "../fixtures/world.ts";
import { crews } from "./crew.ts";

const HOUR_MS = 3_600_000;

/** Three members that each did something: one put off, one that runs, one whose failed attempt is being undone. */
async function aBusyGroup() {
  const [running, undoing] = [aGate(), aGate()];
  const place = await aPlace(
    {
      run: async (context, { effect }) => {
        const { id } = context.target!;
        await effect(context, id);
        if (id === "3-1") return snooze(new Date(Date.now() + HOUR_MS));
        if (id === "3-3") throw new Error("no");
        await running.opened;
        return null;
      },
      onUndo: (name) => (name === "3-3" ? undoing.opened : undefined),
    },
    { flags: ["groupMember"], cancellable: "abandon", retry: { limit: 1, delayMs: HOUR_MS } },
    { resolvers: [crews] },
  );
  const { cs } = place;
  await place.work();
  const group = await place.create({ target: { type: "crew", id: "3" } });
  const member = async (id: string) =>
    (await cs.jobs.list({ parentId: group.id })).find(({ target }) => target?.id === id)!;
  const stands = (id: string, state: string, rollback: string) =>
    until(async () => [await member(id)].find((one) => one.state === state && one.rollback === rollback), {
      what: `Member ${id}, ${state}, its rollback ${rollback}`,
    });
  await stands("3-1", "scheduled", "none");
  await stands("3-2", "running", "none");
  await stands("3-3", "retrying", "running");
  return { ...place, group, stands, running, undoing };
}

test("a cancel of a group undoes what its members did, and it settles when all of that is undone", async () => {
  const { cs, world, group, stands, running, undoing } = await aBusyGroup();
  expect(world.done.toSorted()).toEqual(["3-1", "3-2", "3-3"]);
  await cs.as("ada", "wrong reel").groups.cancel(group.id);
  const [putOff, abandoned] = [await stands("3-1", "cancelled", "done"), await stands("3-2", "cancelled", "required")];
  expect(world.done.toSorted()).toEqual(["3-2", "3-3"]);
  const failed = await stands("3-3", "retrying", "running");
  expect(await cs.jobs.rollback(failed)).toMatchObject({ remembered: "cancel" });
  // Nodes ask again for as long as the group has not settled, and so may people.
  expect(await cs.jobs.cancel(failed)).toBe("retrying");
  undoing.open();
  await stands("3-3", "cancelled", "done");
  expect(world.done).toEqual(["3-2"]);
  // Its handler has not returned, so that nothing of it may be undone yet.
  expect(await cs.groups.get(group.id)).toMatchObject({ state: "cancelling", isSettled: false });
  running.open();
  expect(await cs.jobs.wait(group)).toMatchObject({ state: "cancelled" });
  expect(world.done).toEqual([]);
  expect(await eventsOf(cs, putOff)).toEqual(["create", "snooze", "cancel", "rolled_back"]);
  expect(await eventsOf(cs, abandoned)).toEqual(["create", "abandon", "rolled_back"]);
  expect(await eventsOf(cs, failed)).toEqual(["create", "back_off", "cancel_asked", "rolled_back", "cancel"]);
});
