import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mediaCapabilities } from "@callsheet/actions";
import { Callsheet, type Created } from "@callsheet/core";
import { until } from "@callsheet/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { findSamples } from "../src/samples.ts";
import { callsheet, callsheetWith } from "./command.ts";
import { sharedPlace } from "./shared-place.ts";
import { type Speaking, speaking } from "./speaking.ts";

const PLUGIN = fileURLToPath(new URL("fixtures/held-type.mjs", import.meta.url));

const place = sharedPlace();

/** A node in a process of its own, up; killed with the test. */
async function aNode(command: "start" | "work", options: readonly string[], url?: string): Promise<Speaking> {
  const variables = url === undefined ? {} : { DATABASE_URL: url };
  const node = speaking(callsheetWith(variables, command, "--plugin", PLUGIN, ...options));
  onTestFinished(async () => {
    node.child.kill("SIGKILL");
    await node.ended;
  });
  await node.says("Takes jobs.");
  return node;
}

let witnesses = 0;
/** Jobs that are held until `go`; `begun` tells of each start the job, the attempt and the process. */
async function heldJobs(cs: Callsheet, count: number) {
  const witness = join(place.folder, `witness${witnesses++}`);
  await cs.actions.put({ name: "held", type: "test.held" });
  const inputs = Array.from({ length: count }, () => ({ configuration: { witness } }));
  const jobs: readonly Created[] = await cs.jobs.createMany("held", inputs);
  const lines = () => (existsSync(witness) ? readFileSync(witness, "utf8").trim().split("\n") : []);
  const begun = () => lines().map((line) => line.split(" "));
  const begins = (times: number) =>
    until(() => (begun().length >= times ? begun() : undefined), { deadlineMs: 60_000 });
  return { jobs, begins, go: () => writeFile(`${witness}.go`, "") };
}

describe("callsheet start", () => {
  it("runs jobs on a private server that it starts; after a kill -9 the next start recovers them", async () => {
    const dataDir = join(place.folder, "data");
    const options = ["--data-dir", dataDir, "--name", "here", "--media", place.folder, "--slots", "2"];
    const first = await aNode("start", options);
    expect(await first.says("Takes jobs.")).toMatch(new RegExp(`^Reads +${place.folder} \\([a-z0-9._-]+\\)$`, "m"));
    const cs = await Callsheet.open({ dataDir });
    try {
      const { jobs, begins, go } = await heldJobs(cs, 1);
      await begins(1);
      first.child.kill("SIGKILL");
      await first.ended;
      const second = await aNode("start", options);
      await begins(2);
      await go();
      expect(await cs.jobs.wait(jobs[0]!)).toMatchObject({ state: "completed", attempt: 2, result: { attempt: 2 } });
      await second.says(`attempt 2  ${jobs[0]!.id}`);
      second.child.kill("SIGINT");
      const { exitCode, stdout, stderr } = await second.ended;
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^completed {2}held/) });
      expect(stderr).toContain("Stopped; nothing was left running.");
    } finally {
      await cs.close();
    }
  });
});

describe("callsheet work", () => {
  it("is one of several nodes that share the jobs, and prints each end as JSON if asked", async () => {
    const options = ["--slots", "1", "--types", "test.held", "--jsonl"];
    const nodes = await Promise.all(
      ["one", "two"].map((name) => aNode("work", [...options, "--name", name], place.database.url)),
    );
    const cs = await Callsheet.open({ databaseUrl: place.database.url });
    try {
      const { jobs, begins, go } = await heldJobs(cs, 2);
      const begun = await begins(2);
      expect(new Set(begun.map(([, , pid]) => Number(pid)))).toEqual(new Set(nodes.map(({ child }) => child.pid)));
      await go();
      for (const job of jobs) expect((await cs.jobs.wait(job)).state).toBe("completed");
    } finally {
      await cs.close();
    }
    for (const { child } of nodes) child.kill("SIGTERM");
    const ended = await Promise.all(nodes.map((node) => node.ended));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const told = ended.map(({ stdout }) => JSON.parse(stdout));
    expect(told).toMatchObject([1, 2].map(() => ({ action: "held", state: "completed", attempt: 1, error: null })));
  });

  it("drains at the first signal, saying what it waits for; the second one hands back what it runs: 130", async () => {
    const cs = await Callsheet.open({ databaseUrl: place.database.url });
    try {
      const { jobs, begins, go } = await heldJobs(cs, 1);
      const first = await aNode("work", ["--name", "drains"], place.database.url);
      await begins(1);
      first.child.kill("SIGINT");
      const said = await first.says(jobs[0]!.id);
      expect(said).toMatch(/waits for 1 to end\. Ctrl-C again stops at once\.\n {2}held {2}for /);
      first.child.kill("SIGINT");
      expect((await first.ended).exitCode).toBe(130);
      expect((await cs.jobs.get(jobs[0]!)).state).toBe("running");

      const second = await aNode("work", ["--name", "recovers"], place.database.url);
      await begins(2);
      second.child.kill("SIGTERM");
      await second.says("waits for 1 to end");
      const [later] = (await heldJobs(cs, 1)).jobs;
      await go();
      expect((await second.ended).exitCode).toBe(0);
      expect(await cs.jobs.get(jobs[0]!)).toMatchObject({ state: "completed", attempt: 2 });
      expect((await cs.jobs.get(later!)).attempt).toBe(0);
      await cs.jobs.cancel(later!);
    } finally {
      await cs.close();
    }
  });

  it("takes jobs that need what this machine has, reads below --media and writes below --output", async (context) => {
    const has = await mediaCapabilities();
    context.skip(!has.includes("ffmpeg") || !has.includes("sharp"), "no ffmpeg or no sharp");
    const output = join(place.folder, "pictures");
    await mkdir(output);
    await aNode("work", ["--name", "media", "--media", findSamples(), "--output", output], place.database.url);
    const cs = await Callsheet.open({ databaseUrl: place.database.url });
    try {
      const sheet = await cs.actions.put({ name: "sheet", type: "media.contact-sheet", retry: { limit: 0 } });
      const configuration = { path: join(findSamples(), "dog.mp4"), output: join(output, "dog.jpg") };
      const job = await cs.jobs.create(sheet, { configuration });
      expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", node: "media" });
      expect(existsSync(configuration.output)).toBe(true);
    } finally {
      await cs.close();
    }
  });

  it("joins nothing where nothing is", async () => {
    const { exitCode, stderr } = await callsheet("work", "--data-dir", join(place.folder, "none")).ended;
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/^callsheet: There is no database to join: .+ \(server_not_running\)\nStart it with /);
    expect(existsSync(join(place.folder, "none"))).toBe(false);
  });
});

describe("what a node is given", () => {
  const file = async (name: string, text: string) => {
    await mkdir(join(place.folder, "plugins"), { recursive: true });
    const path = join(place.folder, "plugins", name);
    await writeFile(path, text);
    return path;
  };
  // None of these gets as far as the database.
  const refusal = async (...options: readonly string[]) => {
    const { exitCode, stdout, stderr } = await callsheetWith(
      { DATABASE_URL: "postgres://127.0.0.1:1/" },
      "work",
      ...options,
    ).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^callsheet: [^\n]+\n[^\n]+\n$/);
    return stderr;
  };

  it("a plug-in with a syntax error is named with its line", async () => {
    const path = await file("broken.mjs", "export const one = 1;\nexport const two = ;\n");
    expect(await refusal("--plugin", path)).toContain(
      `callsheet: The plug-in ${path} cannot be loaded: Unexpected token ';' in line 2. (plugin_unreadable)`,
    );
  });

  it("a plug-in that throws, one without an action type, and one that is not there are told apart", async () => {
    const throws = await file("throws.mjs", "throw new Error('no licence found.');\n");
    expect(await refusal("--plugin", throws)).toContain("cannot be loaded: no licence found. (plugin_unreadable)");
    const empty = await file("empty.mjs", "export const type = 'test';\n");
    expect(await refusal("--plugin", empty)).toContain("exports no action type. (plugin_empty)");
    expect(await refusal("--plugin", "./nowhere.mjs")).toContain("(plugin_missing)");
    expect(await refusal("--plugin", "no-such-package-at-all")).toContain("nor a package no-such-package-at-all");
  });

  it("types, twins and directories are checked before anything is opened", async () => {
    expect(await refusal("--types", "file.checksum,no.such")).toContain("There is no action type no.such here.");
    expect(await refusal("--plugin", PLUGIN, PLUGIN)).toContain("The action type test.held is there twice.");
    expect(await refusal("--media", join(place.folder, "gone"))).toContain(
      `--media: there is no directory ${join(place.folder, "gone")}.`,
    );
    expect(await refusal("--output", "/proc/version")).toContain("--output: there is no directory /proc/version.");
  });
});
