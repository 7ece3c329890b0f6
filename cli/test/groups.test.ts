import type { Resolver } from "@callsheet/contract";
import { openTestDatabase } from "@callsheet/core/testing";
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
