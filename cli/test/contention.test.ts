import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTestDatabase, type TestDatabase, until } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { callsheetWith } from "./command.ts";
import { speaking } from "./speaking.ts";

const PLUGIN = fileURLToPath(new URL("fixtures/held-type.mjs", import.meta.url));

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const run = (...args: readonly string[]) =>
  callsheetWith({ DATABASE_URL: database.url, TZ: "Europe/London" }, ...args).ended;
const cells = (stdout: string) =>
  stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));

describe("callsheet resources", () => {
  it("put makes one of options, change alters what it says, show tells all of it", async () => {
    const cs = await database.open();
    const windows = ["--window", "sat,sun@00:00-00:00=9", "--window", "22:00-06:00=8"];
    const put = await run(
      "resources",
      "put",
      "nvenc",
      "--capacity",
      "4",
      "--tag",
      "gpu",
      ...windows,
      "--site",
      "london",
    );
    expect(put).toMatchObject({ exitCode: 0, stderr: "" });
    const changed = await run(
      "resources",
      "change",
      "nvenc",
      "--site",
      "london",
      "--capacity",
      "5",
      "--stale-after",
      "90s",
    );
    expect(changed).toMatchObject({ exitCode: 0 });
    expect(await cs.resources.get("nvenc", { site: "london" })).toMatchObject({
      ...{ capacity: 5, tags: ["gpu"], external: { staleAfterMs: 90_000, whenStale: "keep" } },
      windows: [
        { days: ["sat", "sun"], from: "00:00", to: "00:00", timeZone: "Europe/London", capacity: 9 },
        { from: "22:00", to: "06:00", timeZone: "Europe/London", capacity: 8 },
      ],
    });
    const { stdout } = await run("resources", "show", "nvenc", "--site", "london");
    expect(stdout).toContain("  Place     site london\n  State     started\n");
    expect(stdout).toContain("  Tags      #gpu\n");
    expect(stdout).toContain("  Windows   sat,sun 00:00-00:00 Europe/London: 9; 22:00-06:00 Europe/London: 8\n");
    expect(stdout).toContain("  Outside   counts for 1:30, then keep\n");
    expect(await run("resources", "report", "nvenc", "--site", "london", "--left", "2")).toMatchObject({
      ...{ exitCode: 0, stderr: "2 of nvenc left.\n" },
    });
    expect((await run("resources", "change", "nvenc", "--site", "london", "--no-external")).stdout).not.toContain(
      "Outside",
    );
  });

  it("stop, drain and start say who and why; remove takes it away, and what is not there is not found: 3", async () => {
    await run("resources", "put", "tape", "--capacity", "1");
    const stopped = await run("--as", "ada", "--reason", "cleaning", "resources", "stop", "tape");
    expect(cells(stopped.stdout)).toEqual([["tape", "cluster", "stopped", "0", "1", "", "by ada: cleaning"]]);
    expect(JSON.parse((await run("resources", "drain", "tape", "--json=state")).stdout)).toEqual([
      { state: "stopped" },
    ]);
    expect(cells((await run("resources", "start", "tape")).stdout)[0]?.[2]).toBe("started");
    expect(await run("resources", "remove", "tape")).toMatchObject({ exitCode: 0, stderr: "Removed tape.\n" });
    const missing = await run("resources", "get", "tape");
    expect(missing).toMatchObject({ exitCode: 3 });
    expect(missing.stderr).toMatch(
      /^callsheet: There is no resource "tape"\. \(unknown_resource\)\n.*\nTry: callsheet resources list\n$/,
    );
  });

  it("what cannot be one is refused with what is wrong: 2", async () => {
    const [nothing, window, both, zone] = await Promise.all([
      run("resources", "put", "x"),
      run("resources", "put", "x", "--capacity", "1", "--window", "22-6=1"),
      run("resources", "show", "x", "--site", "a", "--node", "b"),
      run("resources", "put", "x", "--capacity", "1", "--window", "22:00-06:00=1", "--time-zone", "Mars"),
    ]);
    for (const { exitCode } of [nothing, window, both, zone]) expect(exitCode).toBe(2);
    expect(nothing.stderr).toContain("Add --capacity UNITS.");
    expect(window.stderr).toContain("22:00-06:00=8");
    expect(zone.stderr).toContain("windows.0.timeZone: the name of a time zone, such as Europe/London");
  });
});

describe("what jobs and nodes say of them", () => {
  it("needs and locks stand with actions and jobs, resources come with a node", async () => {
    const cs = await database.open();
    const node = speaking(
      callsheetWith({ DATABASE_URL: database.url }, "work", "--plugin", PLUGIN, "--resources", "gpu=2,memory=64000"),
    );
    onTestFinished(async () => {
      node.child.kill("SIGKILL");
      await node.ended;
    });
    expect(await node.says("Takes jobs.")).toMatch(/^Brings +gpu 2, memory 64000$/m);
    expect(await cs.resources.get("memory", { node: hostname() })).toMatchObject({ capacity: 64_000 });
    await run("actions", "put", "grade", "--type", "test.held", "--needs", "gpu=1", "--lock-target", "shared");
    const shown = (await run("actions", "show", "grade")).stdout;
    expect(shown).toContain("  Needs     gpu 1\n  Locks     its target, shared\n");
    const options = [
      "-c",
      "witness=w",
      "--needs",
      "memory=8000,gpu=2",
      "--target",
      "asset:A-17",
      "--lock",
      "reel/7",
      "--share",
      "lut/rec709",
    ];
    const created = await run("jobs", "create", "grade", ...options, "--unplanned");
    expect(created).toMatchObject({ exitCode: 0, stderr: "" });
    const job = (await run("jobs", "show", created.stdout.trim())).stdout;
    expect(job).toContain("  Needs     gpu 2, memory 8000\n");
    expect(job).toContain("  Locks     asset/a-17 (shared), lut/rec709 (shared), reel/7\n");
    const [unknown, wrong] = await Promise.all([
      run("jobs", "create", "grade", "-c", "witness=w", "--needs", "nobody-has-it=1"),
      run("jobs", "create", "grade", "--lock", "A-17"),
    ]);
    expect(unknown).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("(unknown_resource)") });
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("asset/A-17") });
  });
});

describe("callsheet limits", () => {
  it("puts, lists and removes them, each kind's default first", async () => {
    expect((await run("limits", "put", "--queue", "ingest", "--running", "4")).stdout).toBe("queue\tingest\t0\t4\t\n");
    await run("limits", "put", "--queue", "*", "--running", "2");
    expect(cells((await run("limits", "list")).stdout).filter(([, name]) => name !== "default")).toEqual([
      ["queue", "*", "", "2", ""],
      ["queue", "ingest", "0", "4", ""],
    ]);
    expect(await run("limits", "remove", "--queue", "*")).toMatchObject({
      exitCode: 0,
      stderr: "Removed the limit.\n",
    });
    expect(await run("limits", "remove", "--queue", "*")).toMatchObject({ exitCode: 3 });
    const both = await run("limits", "put", "--queue", "a", "--site", "b", "--running", "1");
    expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Name exactly one of") });
    expect(await run("limits", "put", "--action", "no-such", "--running", "1")).toMatchObject({ exitCode: 3 });
  });
});

describe("callsheet pause", () => {
  it("holds one thing until resume, says how much it concerns, and is listed with who and why", async () => {
    const paused = await run("--as", "ada", "pause", "--queue", "nightly", "--reason", "the storage moves");
    expect(paused.stdout).toBe("Paused queue nightly: nothing of that name is there yet; what comes is held.\n");
    const listed = cells((await run("pauses", "list")).stdout);
    expect(listed).toEqual([["queue nightly", expect.stringMatching(/^\d{4}-.*Z$/), "ada", "the storage moves"]]);
    expect(await run("resume", "--queue", "nightly")).toMatchObject({
      exitCode: 0,
      stderr: "Resumed queue nightly.\n",
    });
    const again = await run("resume", "--queue", "nightly");
    expect(again).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("(not_paused)") });
    expect(await run("pause")).toMatchObject({ exitCode: 2 });
    expect((await run("pauses", "list", "--json")).stdout).toBe("[]\n");
  });
});

describe("callsheet locks", () => {
  it("tells holders and lines, quarantines an object and releases it when that is confirmed", async () => {
    const cs = await database.open();
    const folder = await makeTemporaryDirectory();
    onTestFinished(() => removeTemporary(folder));
    const witness = join(folder, "witness");
    await cs.actions.put({ name: "cut", type: "test.held", lock: "exclusive", cancellable: "abandon" });
    const target = { type: "asset", id: "B-1" };
    const [first, second] = [
      await cs.jobs.create("cut", { target, configuration: { witness } }),
      await cs.jobs.create("cut", { target, configuration: { witness } }),
    ];
    const node = speaking(
      callsheetWith({ DATABASE_URL: database.url }, "work", "--plugin", PLUGIN, "--name", "cutter"),
    );
    onTestFinished(async () => {
      node.child.kill("SIGKILL");
      await node.ended;
    });
    await until(async () => (await cs.jobs.get(second)).state === "waiting_for_lock", { deadlineMs: 20_000 });
    const [list, show, byJob, quarantined] = await Promise.all([
      run("locks", "list", "--waiting"),
      run("locks", "show", "asset/B-1"),
      run("locks", "list", "--job", second.id, "--json=key"),
      run("--as", "ada", "locks", "quarantine", "asset/B-1", "--reason", "half written"),
    ]);
    const [row] = cells(list.stdout);
    expect(row?.slice(0, 2)).toEqual(["asset/b-1", first.id]);
    expect(row?.[3]).toBe("1");
    expect(show.stdout).toMatch(new RegExp(`Held by\\n +Job.*\\n +${first.id} +cut +exclusive .* \\d+ +cutter\\n`));
    expect(show.stdout).toMatch(new RegExp(`Waiting\\n +Place.*\\n +1 +${second.id} +cut +exclusive`));
    expect(JSON.parse(byJob.stdout)).toEqual([{ key: "asset/b-1" }]);
    expect(quarantined.stdout).toMatch(/^asset\/b-1\nQuarantined by ada, .*: half written\n/);
    expect(await run("locks", "release", "asset/B-1")).toMatchObject({ exitCode: 2 });
    const released = await run("--as", "ben", "locks", "release", "asset/B-1", "--reason", "copied anew", "--yes");
    expect(released.stdout).toMatch(/^asset\/b-1\nReleased by ben, .*: copied anew\n/);
    expect(await run("locks", "release", "asset/B-1")).toMatchObject({ exitCode: 5 });
  });
});
