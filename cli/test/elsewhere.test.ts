import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { actionSchema, type Callsheet, defineActionType, elsewhere } from "@callsheet/core";
import { until } from "@callsheet/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { callsheetWith } from "./command.ts";
import { sharedPlace } from "./shared-place.ts";

const tokens = new Map<string, string>();
const farmed = defineActionType({
  ...{ type: "test.farmed", version: 1, configuration: actionSchema.shape.configuration },
  run: async ({ job, completionToken }) => {
    tokens.set(job.id, await completionToken());
    return elsewhere({ render: "r-1" });
  },
  poll: async (handle) => elsewhere(handle),
  pollEveryMs: 3_600_000,
});

const place = sharedPlace();
let cs: Callsheet;
beforeAll(async () => {
  cs = await place.database.open({ actor: "tests" });
  await cs.actions.put({ name: "farmed", type: farmed, cancellable: "asks" });
  await cs.work({ name: "bench-1", types: [farmed], slots: 1 });
});

const start = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: place.database.url }, ...args);
const run = (...args: readonly string[]) => start(...args).ended;
async function answer(...args: readonly string[]): Promise<string> {
  const ended = await run(...args);
  expect(ended).toMatchObject({ exitCode: 0 });
  return ended.stdout;
}

async function away(): Promise<{ readonly id: string; readonly token: string }> {
  const { id } = await cs.jobs.create("farmed");
  await until(async () => (await cs.jobs.get(id)).elsewhere !== null, { what: "Work elsewhere" });
  return { id, token: tokens.get(id)! };
}

describe("work that goes on elsewhere", () => {
  it("is shown as such, with when it was polled and will be, and told how far it is", async () => {
    const { id, token } = await away();
    expect(JSON.parse(await answer("jobs", "progress", token, "40", "--message", "frame 100", "--json"))).toEqual({
      state: "running",
    });
    await answer("jobs", "progress", token);
    const shown = await answer("jobs", "show", id);
    expect(shown).toContain('Elsewhere {"render":"r-1"}, since ');
    expect(shown).toMatch(/Polled\s+not yet; next in 59 min/);
    expect(shown).toMatch(/Progress\s+40 % frame 100/);
    expect(shown).toContain('elsewhere · {"render":"r-1"}');
    expect(await answer("jobs", "explain", id)).toContain("It runs elsewhere since ");
    expect(await answer("jobs", "list", "--state", "running", "--limit", "1")).toContain("running");
    expect(await answer("jobs", "complete", token, "--result", '{"frames":250}')).toContain("completed");
    expect(await cs.jobs.get(id)).toMatchObject({ state: "completed", result: { frames: 250 } });
    expect(await run("jobs", "complete", token)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("already_ended"),
    });
  });

  it("is ended by a token from standard input, with a result of a file, or a text", async () => {
    const [one, other] = [await away(), await away()];
    const file = join(place.folder, "result.json");
    await writeFile(file, '{"from":"a file"}');
    const { child, ended } = start("jobs", "complete", "-", "--result-file", file);
    child.stdin!.end(`${one.token}\n`);
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect((await cs.jobs.get(one.id)).result).toEqual({ from: "a file" });
    await answer("jobs", "complete", other.token, "--result", "no JSON");
    expect((await cs.jobs.get(other.id)).result).toBe("no JSON");
  });

  it("fails with a code and a message, in the name of who says so", async () => {
    const { id, token } = await away();
    await answer("jobs", "fail", token, "--code", "no_licence", "--message", "None is left.", "--as", "farm");
    expect(await cs.jobs.get(id)).toMatchObject({
      state: "failed",
      error: { code: "no_licence", message: "None is left." },
    });
    expect((await cs.jobs.history(id)).at(-1)).toMatchObject({ event: "fail", actor: "farm" });
  });

  it("named by its job's id is ended after a question only", async () => {
    const { id } = await away();
    expect(await run("jobs", "complete", id)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Add --yes"),
    });
    expect(await cs.jobs.get(id)).toMatchObject({ state: "running" });
    await answer("jobs", "complete", id.slice(0, 18), "--yes");
    expect(await cs.jobs.get(id)).toMatchObject({ state: "completed", result: null });
  });

  it("of a token that nobody gave out is not found: 3", async () => {
    expect(await run("jobs", "complete", "cst_none")).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining("unknown_token"),
    });
    expect(await run("jobs", "progress", "cst_none", "101")).toMatchObject({ exitCode: 2 });
    expect(await run("jobs", "progress", "cst_none", "--message", "x")).toMatchObject({ exitCode: 2 });
  });
});
