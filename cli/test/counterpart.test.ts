import type { Callsheet } from "@callsheet/core";
import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callsheetWith } from "./command.ts";
import { echo } from "./play.ts";

let database: TestDatabase;
let cs: Callsheet;
beforeAll(async () => {
  database = await openTestDatabase();
  cs = await database.open({ actor: "tests" });
  await cs.actions.put({ name: "publish", type: echo });
  await cs.actions.put({ name: "unpublish", type: echo });
  await cs.work({ name: "bench-1", types: [echo], slots: 1 });
});
afterAll(() => database.close());

const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, ...args).ended;
async function answer(...args: readonly string[]): Promise<string> {
  const ended = await run(...args);
  expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  return ended.stdout;
}

it("an action has no time-out any more when it is put as none", async () => {
  await cs.actions.put({ name: "timed", type: echo, timeoutMs: 90_000 });
  await answer("actions", "change", "timed", "--timeout", "none");
  expect((await cs.actions.get("timed")).timeoutMs).toBeNull();
});

describe("a completed job", () => {
  it("is undone by a job of the action that its own names, and offers it", async () => {
    const before = (await cs.jobs.wait(await cs.jobs.create("publish"))).id;
    expect(await run("jobs", "undo", before)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("no_undo_action"),
    });
    await answer("actions", "change", "publish", "--undo-action", "unpublish");
    expect(await answer("actions", "show", "publish")).toMatch(/Undo\s+by action unpublish/);
    const { id } = await cs.jobs.wait(await cs.jobs.create("publish", { target: { type: "asset", id: "A-1" } }));
    const offered = await answer("jobs", "show", id);
    expect(offered).toContain(`callsheet jobs undo ${id}`);
    expect(offered).not.toContain("jobs redo");
    const made = (await answer("jobs", "undo", id.slice(0, 18), "-c", "notify=false", "--as", "ada")).trim();
    const undone = await cs.jobs.wait(made);
    expect(undone).toMatchObject({
      action: "unpublish",
      owner: "ada",
      target: { id: "A-1" },
      configuration: { notify: false },
    });
    expect(await answer("jobs", "history", id)).toContain(`undo · by job ${made}`);
    expect(await run("jobs", "undo", id)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("was undone by job"),
    });
    expect(await run("jobs", "redo", id)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("no_undo_action"),
    });
  });

  it("is done again, waited for; and an action that names none offers nothing", async () => {
    await answer("actions", "change", "publish", "--redo-action", "publish", "--undo-action", "none");
    expect((await cs.actions.get("publish")).undoAction).toBeUndefined();
    const { id } = await cs.jobs.wait(await cs.jobs.create("publish"));
    expect(await run("jobs", "redo", id, "--wait", "--timeout", "20s")).toMatchObject({ exitCode: 0 });
    expect((await cs.jobs.history(id)).at(-1)).toMatchObject({ event: "redo" });
  });
});
