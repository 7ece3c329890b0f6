import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeWorkplace, PROGRAMS, type Workplace } from "../../docs/test/workplace.ts";

const EXAMPLES = fileURLToPath(new URL("../queue/", import.meta.url));

let database: TestDatabase;
let place: Workplace;
beforeAll(async () => {
  database = await openTestDatabase();
  place = makeWorkplace(database.url);
  for (const name of readdirSync(EXAMPLES)) copyFileSync(join(EXAMPLES, name), join(place.directory, name));
  const { status, stdout } = spawnSync(process.execPath, [PROGRAMS.tsc, "-p", "."], {
    ...{ cwd: place.directory, encoding: "utf8" },
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});
afterAll(async () => {
  place?.remove();
  await database?.close();
});

const surroundings = () => ({ cwd: place.directory, env: place.variables });

/** Runs an example to its end; answers the lines that it wrote. */
async function run(program: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], surroundings());
  expect(stderr).toBe("");
  return stdout.trim().split("\n");
}

describe("the examples of the queue library", { timeout: 60_000 }, () => {
  test("e-mail: what can be delivered is in the Maildir, what cannot be is cancelled", async () => {
    const lines = await run("dist/email.js", "mail");
    const files = readdirSync(join(place.directory, "mail/new")).map((id) => `mail/new/${id}`);
    expect(files).toHaveLength(2);
    expect(lines.map((line) => line.split(" ").slice(0, 2))).toEqual([
      ["ada@example.org", "completed"],
      ["grace@example.org", "completed"],
      ["nobody", "cancelled"],
    ]);
    expect(lines.slice(0, 2).map((line) => line.split(" ")[2])).toEqual(expect.arrayContaining(files));
    expect(lines[2]).toContain('"nobody" is no address');
    expect(readdirSync(join(place.directory, "mail/tmp"))).toEqual([]);
    expect(readFileSync(join(place.directory, lines[0]!.split(" ")[2]!), "utf8")).toBe(
      "To: ada@example.org\nSubject: Tomorrow\n\nThe call time is 7:30.\n",
    );
  });

  test("reminders: each at its time, also one that was moved; none that was cancelled", async () => {
    const lines = await run("dist/reminders.js");
    expect(lines.slice(0, 2)).toEqual(["Grace: take a walk", "Ada: the tea is ready"]);
    expect(lines.slice(2).join("")).toMatch(/completed: 2,.*cancelled: 1,/);
  });

  test("the report runs three times as one job", async () => {
    const lines = await run("report.cjs", EXAMPLES);
    const files = readdirSync(EXAMPLES).length;
    expect(lines).toEqual([1, 2, 3].map((n) => `report ${n}: ${files} files`));
    const cs = await database.open();
    expect(await cs.queues.get("example.reports")).toMatchObject({ completed: 1, total: 1 });
  });

  test("processes that share a queue: each page is worked on once, by one of them", async () => {
    const workers = [1, 2].map(() => spawn(process.execPath, ["dist/work-on-pages.js"], surroundings()));
    onTestFinished(() => {
      for (const worker of workers) worker.kill("SIGKILL");
    });
    for (const { stdout } of workers) await once(stdout, "data");
    const lines = (await run("dist/add-pages.js")).map((line) => line.split(" "));
    expect(lines).toHaveLength(40);
    for (const [number, sha256, by] of lines) {
      expect(sha256).toBe(createHash("sha256").update(`This is page ${number}.`).digest("hex"));
      expect(workers.map(({ pid }) => String(pid))).toContain(by);
    }
    for (const worker of workers) {
      worker.kill("SIGINT");
      expect(await once(worker, "exit")).toEqual([0, null]);
    }
  });

  test("a long job that is cancelled stops, and stays cancelled", async () => {
    expect(await run("dist/cancel.js")).toEqual(["dog.mp4: stopped", "dog.mp4: cancelled, another cut was chosen"]);
  });
});
