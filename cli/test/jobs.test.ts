import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Callsheet, JOB_STATES, type Job } from "@callsheet/core";
import { until } from "@callsheet/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { callsheetWith } from "./command.ts";
import { echo, endless, fussy } from "./play.ts";
import { sharedPlace } from "./shared-place.ts";

const place = sharedPlace();
let cs: Callsheet;
beforeAll(async () => {
  cs = await place.database.open({ actor: "tests" });
  await cs.actions.put({ name: "echo", type: echo });
  const configuration = { good: false, message: "It is not good." };
  await cs.actions.put({ name: "fussy", type: fussy, configuration });
  await cs.actions.put({ name: "endless", type: endless, cancellable: "asks" });
  await cs.work({ name: "bench-1", types: [echo, fussy, endless], slots: 4 });
});

const start = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: place.database.url }, ...args);
const run = (...args: readonly string[]) => start(...args).ended;
/** Standard output of a command that must succeed. */
async function answer(...args: readonly string[]): Promise<string> {
  const ended = await run(...args);
  expect(ended).toMatchObject({ exitCode: 0 });
  return ended.stdout;
}
const failedJob = async () => (await cs.jobs.wait(await cs.jobs.create("fussy"))).id;
const unplannedJob = async () => (await cs.jobs.create("echo", { startAt: null })).id;

describe("jobs create", () => {
  it("stores what the options say, and prints the id for the next command", async () => {
    const options = ["-c", "crf=20", "-c", "size.width=640", "-c", "name=dog", "--target", "asset:A:17", "--tag", "x"];
    const stdout = await answer(
      "jobs",
      "create",
      "echo",
      ...options,
      "--priority",
      "high",
      "--unplanned",
      "--as",
      "ada",
    );
    const job = await cs.jobs.get(stdout.trim());
    expect(job).toMatchObject({
      configuration: { crf: 20, size: { width: 640 }, name: "dog" },
      target: { type: "asset", id: "A:17" },
      ...{ priority: "high", owner: "ada", tags: ["x"], state: "created" },
    });
    const history = await cs.jobs.history(job);
    expect(history[0]).toMatchObject({ actor: "ada" });
  });

  it("with --many makes a job of each line, over what the options say", async () => {
    const file = join(place.folder, "many.jsonl");
    await writeFile(file, '{"configuration":{"a":1}}\n\n{"startAt":"2099-01-01T00:00Z","tags":["own"]}\n');
    const stdout = await answer("jobs", "create", "echo", "-c", "b=2", "--tag", "all", "--unplanned", "--many", file);
    const [first, second] = await Promise.all(
      stdout
        .trim()
        .split("\n")
        .map((id) => cs.jobs.get(id)),
    );
    expect(first).toMatchObject({ configuration: { a: 1, b: 2 }, tags: ["all"], state: "created" });
    expect(second).toMatchObject({ configuration: { b: 2 }, tags: ["own"], state: "scheduled" });
  });

  it("says which line of a file is wrong: 2, and that there is no file: 3", async () => {
    const file = join(place.folder, "wrong.jsonl");
    await writeFile(file, "{}\n{oops\n");
    const [wrong, missing] = await Promise.all([
      run("jobs", "create", "echo", "--many", file),
      run("jobs", "create", "echo", "--many", join(place.folder, "none")),
    ]);
    expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
    expect(wrong.stderr).toContain("line 2 of");
    expect(missing.exitCode).toBe(3);
  });

  it("with --wait answers how it ended: 0, or 6", async () => {
    const [good, bad] = await Promise.all([
      run("jobs", "create", "fussy", "-c", "good=true", "--wait"),
      run("jobs", "create", "fussy", "--wait", "--json=state,error"),
    ]);
    expect(good.exitCode).toBe(0);
    expect(good.stdout).toMatch(/^[\w-]{36}\tcompleted\tfussy\t/);
    expect(bad.exitCode).toBe(6);
    expect(JSON.parse(bad.stdout)).toMatchObject([{ state: "failed", error: { code: "not_good" } }]);
  });
});

describe("jobs list", () => {
  it("finds by state, action, owner, tag and target, newest first", async () => {
    const target = { type: "file", id: "list.mp4" };
    const one = await cs.jobs.create("echo", { target, startAt: null, owner: "bea", tags: ["list"] });
    const two = await cs.jobs.create("echo", { target, startAt: null, owner: "bea", tags: ["list"] });
    const filter = ["--action", "echo", "--owner", "bea", "--tag", "list", "--target", "file:list.mp4"];
    const stdout = await answer("jobs", "list", ...filter, "--state", "created,failed", "--columns", "id,state,target");
    expect(stdout).toBe(`${two.id}\tcreated\tfile:list.mp4\n${one.id}\tcreated\tfile:list.mp4\n`);
    expect(await answer("jobs", "list", ...filter, "--limit", "1", "--columns", "id")).toBe(`${two.id}\n`);
    expect(await answer("jobs", "list", ...filter, "--all", "--jsonl")).toMatch(/^\{.*\}\n\{.*\}\n$/);
  });

  it("prints JSON with the fields that are wanted, and [] when there is nothing", async () => {
    const id = await unplannedJob();
    const [some, none, whole] = await Promise.all([
      answer("jobs", "list", "--state", "created", "--limit", "1", "--json=id,state"),
      answer("jobs", "list", "--owner", "nobody", "--json"),
      answer("jobs", "show", id, "--json"),
    ]);
    expect(JSON.parse(some)).toEqual([{ id: expect.any(String), state: "created" }]);
    expect(none).toBe("[]\n");
    const shown = JSON.parse(whole) as Job;
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(Object.keys(await cs.jobs.get(id))));
    expect(shown).toMatchObject({ why: { reason: "not_planned" }, history: [{ event: "create" }] });
  });
});

describe("jobs show, explain, history, logs, context", () => {
  it("tell why, what went wrong, how long it stood where, and what to do next", async () => {
    const id = await failedJob();
    const [show, explain, history, logs] = await Promise.all([
      answer("jobs", "show", id),
      answer("jobs", "explain", id),
      answer("jobs", "history", id),
      cs.jobs.wait(await cs.jobs.create("echo")).then((job) => answer("jobs", "logs", "-f", job.id)),
    ]);
    expect(show).toMatch(/^fussy\nfailed · It failed on attempt 1/);
    expect(show).toContain("Error\n  not_good: It is not good.\n");
    expect(show).toMatch(/running +\S+ m?s +bench-1 +start · attempt 1\n/);
    const next = ["retry ID", "amend ID --set KEY=VALUE --retry", "cancel ID"].map(
      (line) => `  callsheet jobs ${line}\n`,
    );
    expect(show).toContain(`Next\n${next.join("").replaceAll("ID", id)}`);
    expect(explain).toMatch(/^It failed on attempt 1: not_good/);
    // Admission may have come before the node.
    const states = history.split("\n").map((line) => line.split("\t")[1]);
    expect(states.filter((state) => state !== "queued")).toEqual(["pending", "running", "failed", undefined]);
    expect(logs).toMatch(/^\S+Z\t1\tinfo\tfirst line\\nsecond line\n$/);
    expect(JSON.parse(await answer("jobs", "context", id, "--json"))).toMatchObject({ attempts: [{ attempt: 1 }] });
  });

  it("take how an id begins, if no other does", async () => {
    const id = await unplannedJob();
    expect(await answer("jobs", "explain", id.slice(0, 30))).toContain("plan it");
    expect(await run("jobs", "show", id.slice(0, 6))).toMatchObject({ exitCode: 2 });
    expect(await run("jobs", "show", "ffffffff")).toMatchObject({ exitCode: 3 });
  });
});

describe("changing jobs", () => {
  it("amend prints the difference, and with --retry the job runs to its end", async () => {
    const id = await failedJob();
    const stdout = await answer("jobs", "amend", id, "--set", "good=true", "--set", "message=fine", "--retry");
    expect(stdout).toContain("good: false → true\n");
    expect(stdout).toMatch(/message: It is not good\. → fine\nConfiguration version 2; the job is \w+\.\n$/);
    expect(await cs.jobs.wait(id)).toMatchObject({ state: "completed", result: "fine" });
  });

  it("amend twice at once overwrites nothing: the later one is refused, with 5", async () => {
    const id = await unplannedJob();
    const { ends } = await place.database.db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.work where job_id = $1 for update", values: [id] });
      const both = ["a=1", "b=2"].map((change) => run("jobs", "amend", id, "--set", change));
      const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      const areBoth = async () => (await place.database.db.query({ text: waiting, values: [] })).count === 2;
      await until(areBoth, { what: "Both commands, in front of the lock" });
      return { ends: both };
    });
    const ended = await Promise.all(ends);
    expect(ended.map(({ exitCode }) => exitCode).sort()).toEqual([0, 5]);
    expect(ended.map(({ stderr }) => stderr).join("")).toContain("(configuration_changed)");
    expect(await cs.jobs.amendments(id)).toHaveLength(1);
  });

  it("plan, hold, resume, unplan, priority and cancel say where that led", async () => {
    const id = await unplannedJob();
    const led = async (...args: readonly string[]) => (await answer("jobs", ...args)).split(/[\t\n]/)[1];
    expect(await led("plan", id, "--at", "+1h")).toBe("scheduled");
    expect(await led("hold", id)).toBe("paused");
    expect(await led("priority", "urgent", id)).toBe("paused");
    expect(await led("resume", id)).toBe("scheduled");
    expect(await led("unplan", id)).toBe("created");
    expect(await led("cancel", id, "--yes", "--reason", "wrong reel")).toBe("cancelled");
    expect((await cs.jobs.history(id)).at(-1)).toMatchObject({ event: "cancel", reason: "wrong reel" });
    expect(await cs.jobs.get(id)).toMatchObject({ priority: "urgent" });
  });

  it("what is final needs --yes without a terminal: 2, and nothing is done", async () => {
    const id = await unplannedJob();
    const { exitCode, stderr } = await run("jobs", "cancel", id);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Add --yes to confirm it.");
    expect(await cs.jobs.get(id)).toMatchObject({ state: "created" });
  });

  it("a filter shows which jobs, takes those of which it is possible, and tells of each", async () => {
    const inputs = [{ startAt: null }, { startAt: new Date("2099-01-01") }].map((one) => ({ ...one, tags: ["bulk"] }));
    const [, scheduled] = await cs.jobs.createMany("echo", inputs);
    const dry = await run("jobs", "hold", "--tag", "bulk", "--dry-run");
    expect(dry).toMatchObject({ exitCode: 0, stdout: "" });
    expect(dry.stderr).toContain("To be held:");
    const done = await answer("jobs", "hold", "--tag", "bulk", "--yes", "--json");
    expect(JSON.parse(done)).toEqual([{ id: scheduled!.id, state: "paused", error: null }]);
    expect(await run("jobs", "hold", "--tag", "bulk", "--yes")).toMatchObject({ exitCode: 5 });
    expect(await run("jobs", "hold", "--tag", "no such tag", "--yes")).toMatchObject({ exitCode: 3 });
  });

  it("of several that are named each is told, and one refusal is 1", async () => {
    const [good, bad] = await Promise.all([failedJob(), unplannedJob()]);
    const { exitCode, stdout, stderr } = await run("jobs", "retry", good, bad);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${good}\t\\w+\n${bad}\trefused\n$`));
    expect(stderr).toContain("(wrong_state)");
    expect(stderr).toContain("1 retried, 1 refused.");
  });
});

describe("waiting and watching", () => {
  it("wait answers 7 when it takes too long, and 8 when the job was cancelled", async () => {
    const created = await cs.jobs.create("endless");
    const reached = await run("jobs", "wait", created.id, "--for=running", "--timeout", "20s");
    expect(reached.exitCode).toBe(0);
    const late = await run("jobs", "wait", created.id, "--timeout", "10ms");
    expect(late.exitCode).toBe(7);
    expect(late.stderr).toContain(`Try: callsheet jobs explain ${created.id}\n`);
    const waiting = run("jobs", "wait", created.id);
    await cs.jobs.cancel(created);
    expect(await waiting).toMatchObject({ exitCode: 8 });
    expect(await run("jobs", "wait", created.id, "--for", "completed")).toMatchObject({ exitCode: 8 });
  });

  it("watch tells each change until all is settled", async () => {
    const created = await cs.jobs.create("echo", { startAt: null, tags: ["watch"] });
    const { child, ended } = start("jobs", "watch", created.id, "--jsonl");
    child.stdout!.once("data", () => void cs.jobs.schedule(created, new Date()));
    const states = (await ended).stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as Job).state);
    expect(states[0]).toBe("created");
    expect(states.at(-1)).toBe("completed");
    for (const state of states) expect(JOB_STATES).toContain(state);
    expect(await run("jobs", "watch", "--tag", "watch")).toMatchObject({ exitCode: 0, stdout: "" });
  });

  it("watch and logs -f end with 130 on an interrupt, and quietly when nobody reads", async () => {
    const { id } = await cs.jobs.create("endless");
    const interrupted = start("jobs", "logs", "-f", id);
    interrupted.child.stdout!.once("data", () => interrupted.child.kill("SIGINT"));
    expect(await interrupted.ended).toMatchObject({ exitCode: 130, stderr: "Interrupted.\n" });
    const unread = start("jobs", "watch", id, await unplannedJob(), "--jsonl");
    unread.child.stdout!.once("data", () => {
      unread.child.stdout!.destroy();
      void cs.jobs.cancel(id);
    });
    expect(await unread.ended).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

it("names, messages, logs and results of others cannot steer the terminal, in whatever form they are printed", async () => {
  const evil = "\u001b]52;c;x\u0007\u009b2J\u202e\nnext";
  const created = await cs.jobs.create("fussy", {
    configuration: { message: evil, [evil]: evil },
    target: { type: "file", id: `x${evil}` },
    owner: `o${evil}`,
    tags: [evil],
  });
  const { id } = await cs.jobs.wait(created);
  const commands = [
    ["jobs", "show", id],
    ["jobs", "show", id, "--json"],
    ["jobs", "history", id],
    ["jobs", "explain", id],
  ];
  const others = [
    ["jobs", "list", "--limit", "5"],
    ["jobs", "list", "--limit", "5", "--jsonl"],
    ["jobs", "watch", id],
  ];
  for (const args of [...commands, ...others]) {
    const stdout = await answer(...args);
    for (const steering of ["\u001b", "\u0007", "\u009b", "\u202e"]) expect(stdout).not.toContain(steering);
    if (args.includes("--json"))
      expect(JSON.parse(stdout)).toMatchObject({ owner: `o${evil}`, error: { message: evil } });
  }
  expect(await answer("jobs", "list", "--limit", "1")).toContain("x\\u{1b}]52;c;x\\u{7}\\u{9b}2J\\u{202e}\\nnext");
});
