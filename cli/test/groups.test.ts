import type { Resolver } from "@callsheet/contract";
import { aGroup as aPlacedGroup, openTestDatabase } from "@callsheet/core/testing";
import { expect, it, onTestFinished } from "vitest";
import { callsheetWith } from "./command.ts";
import { echo } from "./play.ts";

const crews: Resolver = {
  type: "crew",
  async *members(id) {
    for (let n = 1; n <= Number(id); n++) yield { type: "person", id: String(n) };
  },
};

/** A database with a group of so many members, and the command on it. */
async function aGroup(size: number) {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open({ resolvers: [crews] });
  await cs.actions.put({ name: "say", type: echo, flags: ["groupMember"] });
  const { id } = await cs.jobs.create("say", { target: { type: "crew", id: String(size) } });
  const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, ...args).ended;
  return { cs, id, run, groups: (...args: readonly string[]) => run("groups", ...args) };
}

it("list shows groups with their members, show the classes of one, and both tell a program all of it", async () => {
  const { id, run, groups } = await aGroup(4);
  const [row] = (await groups("list")).stdout.split("\n");
  expect(row!.split("\t").slice(0, 6)).toEqual([id, "say", "4", "queued", "4", "0%"]);
  expect((await groups("show", id.slice(0, 20))).stdout).toContain("Members   4 waiting");
  expect((await groups("show", id)).stdout).toContain("░".repeat(48));
  expect(JSON.parse((await groups("show", id, "--json")).stdout)).toMatchObject({ memberCount: 4, isClosed: true });
  expect(JSON.parse((await groups("list", "--open", "--json")).stdout)).toEqual([]);
  expect(JSON.parse((await run("jobs", "list", "--parent", id, "--json")).stdout)).toHaveLength(4);
  expect(JSON.parse((await run("jobs", "list", "--json")).stdout)[4]).toMatchObject({
    kind: "group",
    state: "queued",
  });
});

it("gives a group a start time, and takes it away", async () => {
  const { cs, id, groups } = await aGroup(2);
  expect(await groups("plan", id, "--at", "2100-01-02T03:04Z")).toMatchObject({ exitCode: 0 });
  const planned = { state: "scheduled", startAt: new Date("2100-01-02T03:04Z") };
  expect(await cs.groups.get(id)).toMatchObject(planned);
  expect(await cs.jobs.list({ parentId: id })).toMatchObject([planned, planned]);
  expect(await groups("unplan", id)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("created") });
  expect(await cs.groups.get(id)).toMatchObject({ state: "created", startAt: null, counts: { unplanned: 2 } });
  expect(await groups("plan", id, "--at", "soon")).toMatchObject({ exitCode: 2 });
});

it("holds, resumes and cancels a group, gives it a priority, and says why it cannot be retried", async () => {
  const { cs, id, groups } = await aGroup(3);
  expect(await groups("hold", id)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("paused") });
  expect(await groups("resume", id)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("queued") });
  expect(await groups("priority", id, "high")).toMatchObject({ exitCode: 0 });
  expect(await cs.groups.get(id)).toMatchObject({ priority: "high" });
  expect(await groups("retry", id)).toMatchObject({ stderr: expect.stringContaining("has failed") });
  expect(await groups("cancel", id)).toMatchObject({ exitCode: 2 });
  expect(await groups("cancel", id, "--yes", "--reason", "wrong reel")).toMatchObject({ exitCode: 0 });
  expect(await cs.groups.get(id)).toMatchObject({ state: "cancelled", counts: { cancelled: 3 } });
  expect(await groups("failures", id)).toMatchObject({ exitCode: 0, stdout: "" });
});

it("adds members to a group that is open, closes it, and says what can be done about those that failed", {
  timeout: 60_000,
}, async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const groups = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, "groups", ...args).ended;
  const { id } = await aPlacedGroup(database, [{ state: "failed", target: { type: "person", id: "A" } }]);
  const { stdout } = await groups("show", id);
  expect(stdout).toContain("Of 1 member 1 failed. It is open: more members may come. Retry those that failed.");
  expect(stdout).toContain(`Next\n  callsheet groups failures ${id}\n  callsheet groups retry ${id}\n`);
  expect(await groups("add", id, "B")).toMatchObject({ exitCode: 2 });
  expect(await groups("add", id, "person:A", "person:B", "person:C")).toMatchObject({
    ...{ exitCode: 0, stderr: "2 members added. It is open.\n" },
    stdout: expect.stringContaining("Of 3 members 2 wait, 1 failed."),
  });
  expect(await groups("close", id)).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^It is closed/) });
  expect((await groups("add", id, "person:D")).stderr).toContain("(group_closed)");
  expect((await groups("retry", id, "--only", "timed_out")).stderr).toContain(`Try: callsheet jobs explain ${id}\n`);
});

it("creates a group that takes more members until it is closed, where that is asked for", async () => {
  const { cs, run, groups } = await aGroup(1);
  await cs.assets.create({ id: "A-17", root: "main", path: "a.mov" });
  await cs.collections.create("day 3", [{ type: "asset", id: "A-17" }]);
  const created = await run("jobs", "create", "say", "--target", "collection:day 3", "--keep-open", "--json");
  const { id } = JSON.parse(created.stdout);
  expect(await groups("add", id, "asset:A-18")).toMatchObject({ stderr: "1 member added. It is open.\n" });
  expect(await groups("close", id)).toMatchObject({ exitCode: 0 });
  expect(await cs.groups.get(id)).toMatchObject({ memberCount: 2, isClosed: true });
  const refused = await run("jobs", "create", "say", "--target", "asset:A-17", "--keep-open");
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("Only a group of members is kept open."),
  });
});

it("shows a group of a collection by the name of that, and finds it by the name", async () => {
  const { cs, run, groups } = await aGroup(1);
  await cs.assets.create({ id: "A-17", root: "main", path: "a.mov" });
  const { id } = await cs.collections.create("day 3", [{ type: "asset", id: "A-17" }]);
  expect(await run("jobs", "create", "say", "--target", "collection:day 3")).toMatchObject({ exitCode: 0 });
  const [group] = JSON.parse((await run("jobs", "list", "--target", "collection:day 3", "--json")).stdout);
  const { stdout } = await groups("show", group.id);
  expect(stdout).toMatch(/^say {2}day 3\n/);
  expect(stdout).toContain(`collection ${id}, day 3\n`);
  expect(JSON.parse((await groups("show", group.id, "--json")).stdout)).toMatchObject({ targetName: "day 3" });
});
