import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callsheetWith } from "./command.ts";
import { sharedPlace } from "./shared-place.ts";

const place = sharedPlace();

const run = (...args: readonly string[]) =>
  callsheetWith({ DATABASE_URL: place.database.url }, "actions", ...args).ended;

it("put makes an action of options, change alters what it says, and show tells all of it", async () => {
  const cs = await place.database.open();
  const options = [
    "-c",
    "height=360",
    "--timeout",
    "10m",
    "--retries",
    "2",
    "--priority",
    "low",
    "--flags",
    "groupMember",
  ];
  expect(await run("put", "proxy", "--type", "media.proxy", ...options)).toMatchObject({ exitCode: 0 });
  expect(await run("change", "proxy", "--retry-delay", "1s", "-c", "fast=true")).toMatchObject({ exitCode: 0 });
  expect(await cs.actions.get("proxy")).toMatchObject({
    ...{ type: "media.proxy", version: 2, priority: "low", timeoutMs: 600_000, flags: ["groupMember"] },
    ...{ configuration: { height: 360, fast: true }, retry: { limit: 2, delayMs: 1_000 } },
  });
  const { stdout } = await run("show", "proxy");
  expect(stdout).toMatch(/^proxy\n/);
  expect(stdout).toMatch(/^ +Flags +groupMember$/m);
  expect(stdout).toContain("Time-out  10:00, then flag\n");
  expect(stdout).toContain("Configuration\n  fast: true\n  height: 360\n");
});

it("an action says what becomes of a job that stalls, or whose node is lost, and what a node must have", async () => {
  const cs = await place.database.open();
  const options = ["--stall-after", "10m", "--on-node-lost", "fail", "--requires", "sdi,gpu"];
  expect(await run("put", "tape", "--type", "test.tape", ...options)).toMatchObject({ exitCode: 0 });
  expect(await cs.actions.get("tape")).toMatchObject({
    ...{ stallAfterMs: 600_000, onNodeLost: "fail", requires: ["gpu", "sdi"] },
  });
  const { stdout } = await run("show", "tape");
  expect(stdout).toContain("  Stalls    said after 10:00 in which nothing moves\n");
  expect(stdout).toContain("  Node lost its job fails, for a person to retry\n");
  expect(stdout).toContain("  Requires  gpu, sdi\n");
  expect(await run("change", "tape", "--stall-after", "none")).toMatchObject({ exitCode: 0 });
  expect(await cs.actions.get("tape")).toMatchObject({ stallAfterMs: null, onNodeLost: "fail" });
  expect(await run("change", "tape", "--on-node-lost", "weep")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("onNodeLost"),
  });
});

it("put takes files, and what show --json printed", async () => {
  const file = join(place.folder, "actions.json");
  const actions = [
    { name: "one", type: "test.one" },
    { name: "two", type: "test.two" },
  ];
  await writeFile(file, JSON.stringify(actions));
  const put = await run("put", "--file", file, "--site", "london", "--json=name,site");
  expect(JSON.parse(put.stdout)).toEqual([
    { name: "one", site: "london" },
    { name: "two", site: "london" },
  ]);
  const { stdout } = await run("show", "one", "--json");
  await writeFile(file, stdout);
  expect(await run("put", "three", "--file", file)).toMatchObject({ exitCode: 0 });
});

it("disable, enable, copy, delete", async () => {
  const cs = await place.database.open();
  await cs.actions.put({ name: "a", type: "test.a" });
  expect((await run("disable", "a")).stdout).toMatch(/^a\ttest\.a\t2\tdisabled\t/);
  expect((await run("enable", "a")).stdout).toMatch(/^a\ttest\.a\t3\tenabled\t/);
  expect((await run("copy", "a", "b")).stdout).toMatch(/^b\ttest\.a\t1\tdisabled\t/);
  expect(await run("copy", "a", "b")).toMatchObject({ exitCode: 5 });
  expect(await run("delete", "b")).toMatchObject({ exitCode: 2 });
  expect(await run("delete", "b", "--yes")).toMatchObject({ exitCode: 0, stderr: "Deleted b.\n" });
  expect(await run("show", "b")).toMatchObject({ exitCode: 3 });
  expect((await run("list", "--json=name")).stdout).not.toContain('"b"');
});

it("what cannot be an action is refused with what is missing: 2", async () => {
  const [nameless, typeless, wrong] = await Promise.all([
    run("put", "--type", "x"),
    run("put", "x"),
    run("put", "Bad Name", "--type", "x"),
  ]);
  for (const { exitCode } of [nameless, typeless, wrong]) expect(exitCode).toBe(2);
  expect(nameless.stderr).toContain("The action has no name.");
  expect(typeless.stderr).toContain("Add --type TYPE.");
  expect(wrong.stderr).toContain("name: lower-case letters");
});
