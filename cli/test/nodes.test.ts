import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@callsheet/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { callsheetWith } from "./command.ts";
import { sharedPlace } from "./shared-place.ts";
import { speaking } from "./speaking.ts";

const PLUGIN = fileURLToPath(new URL("fixtures/held-type.mjs", import.meta.url));

const place = sharedPlace();

const run = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: place.database.url }, ...args).ended;

/** A node in a process of its own, up; killed with the test. */
async function aNode(...options: readonly string[]) {
  const node = speaking(callsheetWith({ DATABASE_URL: place.database.url }, "work", "--plugin", PLUGIN, ...options));
  onTestFinished(async () => {
    node.child.kill("SIGKILL");
    await node.ended;
  });
  await node.says("Takes jobs.");
  return node;
}

describe("callsheet nodes", () => {
  it("list and show tell of a node what it announced; maintenance and resume say who and why", async () => {
    const node = await aNode(
      "--name",
      "edit-01",
      "--site",
      "london",
      "--slots",
      "3",
      "--label",
      "rack=3",
      "--label",
      "gpu",
    );
    const { pid } = node.child;
    const listed = await run("nodes", "list", "--label", "rack=3", "--json=name,site,state,slots,labels,pid");
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: "edit-01", site: "london", state: "up", slots: 3, labels: { rack: "3", gpu: "" }, pid },
    ]);
    expect((await run("nodes", "list", "--site", "paris")).stdout).toBe("");
    const held = await run("--as", "ada", "--reason", "a new disk", "nodes", "maintenance", "edit-01");
    expect(held).toMatchObject({ exitCode: 0, stderr: "" });
    expect(held.stdout).toMatch(/^edit-01 {2}maintenance\n {2}Site +london\n/);
    expect(held.stdout).toContain("Notes    by ada: a new disk\n");
    expect((await run("nodes", "list")).stdout.split("\t").slice(0, 5)).toEqual([
      ...["edit-01", "maintenance", "london", "0", "3"],
    ]);
    const shown = await run("nodes", "show", "edit-01");
    expect(shown.stdout).toMatch(new RegExp(`^ {2}Process +${pid} on .+\\n {2}Since`, "m"));
    expect(shown.stdout).toContain(`Labels   gpu rack=3\n  tz data  ${process.versions.tz}\n`);
    expect((await run("nodes", "resume", "edit-01")).stdout).toMatch(/^edit-01 {2}up\n/);
  });

  it("drain lets a node end, and waits for that if asked; its process ends well", async () => {
    const node = await aNode("--name", "old");
    const drained = await run("--reason", "a new release", "nodes", "drain", "old", "--wait");
    expect(drained).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^old {2}gone\n/) });
    const { exitCode, stderr } = await node.ended;
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("Drained; it has ended."),
    });
    const again = await run("nodes", "drain", "old");
    expect(again).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("(node_ended)\n") });
    const unknown = await run("nodes", "show", "nobody");
    expect(unknown).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("callsheet nodes list --all") });
    expect((await run("nodes", "list", "--all", "--jsonl")).stdout).toContain('"cause":"it was stopped"');
  });
});

/** A job that one node runs, and that ends when it is told to. */
async function aHeldJob(node: string, ...options: readonly string[]) {
  const cs = await place.database.open();
  const witness = join(place.folder, node);
  await cs.actions.put({ name: "held", type: "test.held", retry: { limit: 0, delayMs: 1, jitter: 0 } });
  const job = await cs.jobs.create("held", { configuration: { witness } });
  const process = await aNode("--name", node, "--slots", "1", ...options);
  await until(() => existsSync(witness), { what: "Its begin", deadlineMs: 20_000 });
  await until(async () => (await cs.jobs.get(job)).state === "running");
  return { cs, job, process, go: () => writeFile(`${witness}.go`, "") };
}

describe("callsheet work --grace", () => {
  it("waits so long for what runs when it is told to stop; what is left runs on another node: 130", async () => {
    const { cs, job, process, go } = await aHeldJob("brief", "--grace", "0.1s");
    process.child.kill("SIGTERM");
    const { exitCode, stderr } = await process.ended;
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 130, stderr: expect.stringContaining("after its grace;") });
    await go();
    await aNode("--name", "another");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", node: "another", attempt: 2, retries: 0 });
    expect(JSON.parse((await run("nodes", "show", "brief", "--json=state,cause")).stdout)).toEqual({
      ...{ state: "gone", cause: "it was stopped" },
    });
  });
});

describe("callsheet jobs declare-lost", () => {
  it("asks, needs a reason, fails the job, and keeps who said so", async () => {
    const { cs, job, go } = await aHeldJob("hung");
    const unsure = await run("--reason", "it hangs", "jobs", "declare-lost", job.id);
    expect(unsure).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Add --yes") });
    const groundless = await run("--yes", "jobs", "declare-lost", job.id);
    expect(groundless).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("reason must be a text") });
    const told = await run("--yes", "--as", "ada", "--reason", "it hangs", "jobs", "declare-lost", job.id);
    expect(told).toMatchObject({ exitCode: 0, stdout: `${job.id}\tfailed\n` });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", error: { code: "node_lost" } });
    const history = await cs.jobs.history(job);
    expect(history.find(({ event }) => event === "fail")).toMatchObject({ actor: "ada", reason: "it hangs" });
    await go();
  });
});
