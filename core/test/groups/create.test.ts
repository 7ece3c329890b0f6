import type { GroupFlag } from "@callsheet/contract";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aType, refusal } from "../fixtures/floor.ts";
import { aCrew, crews, groupIn } from "./crew.ts";

describe("a group job", () => {
  test("has a job for each member, all of one start time, and settles when the last of them has ended", async () => {
    const crew = await aCrew();
    const { cs, stage, work } = crew;
    const job = await crew.createGroup(3);
    expect(await crew.group(job)).toMatchObject({ state: "queued", memberCount: 3, isSettled: false, isClosed: true });
    const members = await cs.jobs.list({ parentId: job.id });
    expect(members.map(({ target, kind }) => [target?.id, kind])).toEqual([
      ["3-3", "job"],
      ["3-2", "job"],
      ["3-1", "job"],
    ]);
    expect(new Set(members.map(({ startAt }) => startAt?.getTime())).size).toBe(1);
    await work();
    await stage.nth(3);
    expect(await groupIn(crew, job, "running")).toMatchObject({ counts: { live: 3, waiting: 0 } });
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ kind: "group", state: "completed", attempt: 0 });
    const settled = { state: "completed", isSettled: true, counts: { good: 3 }, percent: 100, leftMs: 0 };
    expect(await crew.group(job)).toMatchObject(settled);
    expect((await cs.jobs.history(job)).map(({ event }) => event)).toEqual(["create", "begun", "settled"]);
  });

  test("is scheduled, or not planned, as its members are", async () => {
    const crew = await aCrew();
    const startAt = new Date(Date.now() + 3_600_000);
    expect(await crew.group(await crew.createGroup(2, { startAt }))).toMatchObject({ state: "scheduled", startAt });
    expect(await crew.group(await crew.createGroup(2, { startAt: null }))).toMatchObject({
      state: "created",
      startAt: null,
    });
  });

  test("is refused when it would have no members, and nothing is created", async () => {
    const crew = await aCrew();
    expect(await refusal(() => crew.createGroup(0))).toMatchObject({ code: "empty_group", details: { id: "0" } });
    expect(await crew.cs.jobs.list({ action: crew.name })).toEqual([]);
  });

  test("is refused where its action is disabled, as every new job is", async () => {
    const crew = await aCrew({ enabled: false });
    expect(await refusal(() => crew.createGroup(2))).toMatchObject({ code: "action_disabled" });
    expect(await crew.cs.jobs.list({ action: crew.name })).toEqual([]);
  });

  test("is one job of the whole where the action takes groups so, and refused where it takes none", async () => {
    const whole = await aCrew({ flags: ["group"] });
    const job = await whole.createGroup(3);
    expect(await whole.cs.jobs.get(job)).toMatchObject({ kind: "job", target: { type: "crew", id: "3" } });
    expect(await whole.cs.jobs.list({ action: whole.name })).toHaveLength(1);
    const none = await aCrew({ flags: [] });
    expect(await refusal(() => none.createGroup(3))).toMatchObject({ code: "group_not_offered" });
  });

  test("is made as the type of its action offers, whose code is here or on a node, unless the action says otherwise", async () => {
    const crew = await aCrew({ flags: [] });
    const { cs, database, name } = crew;
    const by = async (type: string | ReturnType<typeof aType>, flags: readonly GroupFlag[] = []) => {
      const action = await cs.actions.put({ name: `${name}-offered`, type, flags: [...flags] });
      const { id } = await cs.jobs.create(action.name, { target: { type: "crew", id: "2" } });
      return (await cs.jobs.get(id)).kind;
    };
    const offering = (type: string, ...flags: readonly GroupFlag[]): ReturnType<typeof aType> => ({
      ...aType(() => null, type),
      flags,
    });
    expect(await by(offering(`${name}-here`, "groupMember"))).toBe("group");
    expect(await by(`${name}-here`)).toBe("group");
    expect(await by(`${name}-here`, ["group"])).toBe("job");
    const other = await database.open();
    onTestFinished(() => other.close());
    await other.work({ name: `${name}-other`, types: [offering(`${name}-there`, "group", "groupMember")] });
    expect(await by(`${name}-there`)).toBe("group");
    const wrong = { ...aType(() => null, `${name}-wrong`), flags: ["workflow" as never] };
    expect(await refusal(() => by(wrong))).toMatchObject({ code: "invalid_argument" });
  });

  test("is made once for its idempotency key, with its members", async () => {
    const crew = await aCrew();
    const first = await crew.createGroup(2, { idempotencyKey: "nightly" });
    expect(await crew.createGroup(2, { idempotencyKey: "nightly" })).toEqual(first);
    expect(await crew.cs.jobs.list({ parentId: first.id })).toHaveLength(2);
    const other = { idempotencyKey: "nightly", priority: "high" } as const;
    expect(await refusal(() => crew.createGroup(2, other))).toMatchObject({ code: "idempotency_conflict" });
  });

  test("gives its members what it was given, and each locks its own target", async () => {
    const crew = await aCrew({ lock: "exclusive" });
    const { id } = await crew.createGroup(2, { priority: "high", tags: ["night"], configuration: { crf: 20 } });
    const members = await crew.cs.jobs.list({ parentId: id });
    for (const member of members)
      expect(member).toMatchObject({ priority: "high", tags: ["night"], configuration: { crf: 20 }, parentId: id });
    expect(members.map(({ locks }) => locks.map(({ key }) => key))).toEqual([["person/2-2"], ["person/2-1"]]);
  });

  test("in the caller's own transaction is there with its commit, and not at all without", async () => {
    const crew = await aCrew();
    const { database, cs, name } = crew;
    const tx = new pg.Client({ connectionString: database.url });
    await tx.connect();
    onTestFinished(() => tx.end());
    const createThen = async (end: "commit" | "rollback", startAt?: Date) => {
      await tx.query("begin");
      const made = await cs.jobs.create(
        name,
        { target: { type: "crew", id: "3" }, ...(startAt && { startAt }) },
        { tx },
      );
      expect(await refusal(() => crew.group(made))).toMatchObject({ code: "group_not_found" });
      await tx.query(end);
      return made;
    };
    expect(await crew.group(await createThen("commit"))).toMatchObject({
      memberCount: 3,
      isClosed: true,
      state: "queued",
    });
    const later = new Date(Date.now() + 3_600_000);
    expect(await crew.group(await createThen("commit", later))).toMatchObject({ memberCount: 3, state: "scheduled" });
    const lost = await createThen("rollback");
    expect(await refusal(() => crew.group(lost))).toMatchObject({ code: "group_not_found" });
  });
});

test("a job without a group that was claimed alone, of several that had one, counts in none", async () => {
  const { database } = await aCrew();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("begin");
  await client.query(`insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids, parents)
    values (nextval('callsheet.token_number'), 1, now(), 0, 1, '0', array[gen_random_uuid()], array[null]::uuid[])`);
  const { rows } = await client.query("select * from callsheet.member_change");
  expect(rows).toEqual([]);
  await client.query("rollback");
});

describe("a large group", () => {
  test("is stored in parts, works meanwhile, and does not settle before it is closed", async () => {
    const gate = { open: () => {} };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const slow = {
      ...crews,
      async *members(id: string) {
        let n = 0;
        for await (const member of crews.members!(id)) {
          if (++n === 5_500) await opened;
          yield member;
        }
      },
    };
    const crew = await aCrew({}, { resolvers: [slow] });
    const { cs, stage, work } = crew;
    stage.clear();
    const creating = crew.createGroup(5_600);
    const open = await until(async () => (await cs.groups.list({ action: crew.name, isClosed: false }))[0], {
      what: "An open group",
    });
    await work({ slots: 50 });
    await until(async () => (await cs.groups.get(open.id)).counts.good === 5_000, { what: "All that are there" });
    expect(await cs.groups.get(open.id)).toMatchObject({ isSettled: false, isClosed: false, endedAt: null });
    gate.open();
    expect(await creating).toEqual({ id: open.id });
    expect(await cs.jobs.wait(open.id)).toMatchObject({ state: "completed" });
    expect(await cs.groups.get(open.id)).toMatchObject({ memberCount: 5_600, counts: { good: 5_600 }, generation: 1 });
  });

  test("whose creation broke off is found open; it is completed, or cancelled", async () => {
    const broken = {
      ...crews,
      async *members(id: string) {
        let n = 0;
        for await (const member of crews.members!(id)) {
          if (++n === 5_100 && isBroken) throw new Error("the catalogue is away");
          yield member;
        }
      },
    };
    let isBroken = true;
    const crew = await aCrew({}, { resolvers: [broken] });
    const { cs, stage, work } = crew;
    await expect(crew.createGroup(5_200)).rejects.toThrow("the catalogue is away");
    await expect(crew.createGroup(5_200)).rejects.toThrow("the catalogue is away");
    const [second, first] = await cs.groups.list({ action: crew.name, isClosed: false });
    expect(first).toMatchObject({ memberCount: 5_000, isSettled: false });
    await cs.groups.cancel(second!.id);
    expect(await cs.groups.get(second!.id)).toMatchObject({
      state: "cancelled",
      isSettled: true,
      counts: { cancelled: 5_000 },
    });
    isBroken = false;
    expect(await cs.groups.complete(first!.id)).toBe(200);
    expect(await refusal(() => cs.groups.complete(first!.id))).toMatchObject({ code: "group_closed" });
    stage.clear();
    await work({ slots: 50 });
    await cs.jobs.wait(first!.id);
    expect(await cs.groups.get(first!.id)).toMatchObject({ counts: { good: 5_200 }, isSettled: true });
  });
});
