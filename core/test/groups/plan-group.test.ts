import { describe, expect, test } from "vitest";
import { aGroup } from "../../src/testing/index.ts";
import { refusal } from "../fixtures/floor.ts";
import { aCrew } from "./crew.ts";

const LATER = new Date("2100-01-02T03:04:05Z");

describe("a group is scheduled", () => {
  test("with its members that wait: none of them starts before; those that run go on, and it tells who did so", async () => {
    const crew = await aCrew();
    const { cs, stage, work } = crew;
    // More than are changed by one transaction.
    const job = await crew.createGroup(600);
    await work({ slots: 1 });
    const first = await stage.nth(1);
    expect(await cs.as("ada", "tonight").jobs.schedule(job, LATER)).toBe("running");
    first.returns();
    expect(await crew.group(job)).toMatchObject({ startAt: LATER, intent: "none" });
    const waiting = await cs.jobs.list({ parentId: job.id, states: ["scheduled"], limit: 1_000 });
    expect(waiting.length).toBeGreaterThan(590);
    expect(new Set(waiting.map(({ startAt }) => startAt?.getTime()))).toEqual(new Set([LATER.getTime()]));
    const line = { event: "plan", actor: "ada", reason: "tonight" };
    const history = await cs.jobs.history(job);
    expect(history.find(({ event }) => event === "plan")).toMatchObject(line);
    expect((await cs.jobs.history(waiting[0]!)).at(-1)).toMatchObject(line);
    await cs.groups.schedule(job.id, new Date());
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
  });

  test("and loses its start time, whatever its members wait for; what has ended or is to be tried again stays", async () => {
    const { cs, database } = await aCrew();
    const { id, members } = await aGroup(
      database,
      (["scheduled", "pending", "queued", "created", "retrying", "completed", "failed", "running"] as const).map(
        (state) => ({ state }),
      ),
    );
    await cs.groups.close(id);
    const states = () => Promise.all(members.map(async (member) => (await cs.jobs.get(member)).state));
    await cs.groups.unschedule(id);
    expect(await states()).toEqual([
      ...["created", "created", "created", "created", "retrying", "completed", "failed", "running"],
    ]);
    expect(await cs.groups.get(id)).toMatchObject({ startAt: null, counts: { unplanned: 4, waiting: 5 } });
    await cs.groups.schedule(id, LATER);
    expect(await states()).toEqual([
      ...["scheduled", "scheduled", "scheduled", "scheduled", "scheduled", "completed", "failed", "running"],
    ]);
    expect(await cs.groups.get(id)).toMatchObject({ startAt: LATER, counts: { unplanned: 0, waiting: 5, due: 0 } });
  });

  test("and gives up the places of its members in line for an object", async () => {
    const crew = await aCrew({ lock: "exclusive" });
    const { cs, stage, create, work } = crew;
    const holder = await create({ target: { type: "person", id: "2-1" } });
    await work();
    const held = await stage.nth(1);
    const job = await crew.createGroup(2);
    await stage.nth(2);
    const waiting = async () => (await cs.jobs.list({ parentId: job.id, states: ["waiting_for_lock"] }))[0];
    await expect.poll(waiting).toBeDefined();
    await cs.groups.schedule(job.id, LATER);
    expect(await cs.jobs.list({ parentId: job.id, states: ["scheduled"] })).toMatchObject([{ startAt: LATER }]);
    // Nobody is before him any more.
    const next = await create({ target: { type: "person", id: "2-1" } });
    held.returns();
    (await stage.nth(3)).returns();
    expect(await cs.jobs.wait(next)).toMatchObject({ state: "completed" });
    await cs.jobs.wait(holder);
    await cs.groups.schedule(job.id, new Date());
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
  });

  test("only when something of it waits, and it has all its members", async () => {
    const { cs, database } = await aCrew();
    const open = await aGroup(database, [{ state: "pending" }]);
    const running = await aGroup(database, [{ state: "running" }]);
    const settled = await aGroup(database, [{ state: "completed" }]);
    for (const { id } of [running, settled]) await cs.groups.close(id);
    for (const { id } of [open, running, settled]) {
      expect(await refusal(() => cs.groups.schedule(id, LATER))).toMatchObject({ code: "wrong_state" });
      expect(await refusal(() => cs.groups.unschedule(id))).toMatchObject({ code: "wrong_state" });
    }
    await cs.groups.cancel(open.id);
    expect(await refusal(() => cs.groups.schedule(open.id, null as never))).toMatchObject({ code: "invalid_argument" });
  });
});
