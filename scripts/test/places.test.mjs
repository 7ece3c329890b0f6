import { describe, expect, test } from "vitest";
import { treeOf } from "../repository/tree.mjs";
import { findOutsideWorld } from "../rules/outside-world.mjs";
import { findMisplacedSql } from "../rules/sql-places.mjs";

describe("SQL", () => {
  const problemsOf = (path, text) => findMisplacedSql(treeOf({ [path]: text }));

  test.each([
    ["a tagged statement", "const q = sql`select 1`;"],
    ["a tagged fragment", "const q = sql`and state = 1`;"],
    ["a typed tag", "const q = sql<Row>`id`;"],
    ["a method of the tag", "const q = db.sql`id`;"],
    ["a string", 'await client.query("select id from job");'],
    ["a template", "await client.query(`\n  update work\n set state = $1`);"],
    ["a statement of the schema", 'await client.query("CREATE TABLE job ()");'],
  ])("%s outside of a store is caught", (_what, text) => {
    expect(problemsOf("core/src/engine/claimer.ts", `\n${text}`)).toEqual([
      { path: "core/src/engine/claimer.ts", line: 2, message: expect.stringContaining("store/ folder") },
    ]);
  });

  test("a store may hold SQL, in each workspace that has one", () => {
    const text = "const q = sql`select 1`;";
    expect(problemsOf("core/src/store/jobs.ts", text)).toEqual([]);
    expect(problemsOf("server/src/store/users.ts", text)).toEqual([]);
    expect(problemsOf("core/test/jobs.test.ts", text)).toEqual([]);
  });

  test("prose that begins with a verb of SQL is not SQL", () => {
    const text = 'throw new Error("update the configuration first"); log("delete it"); pick("selected");';
    expect(problemsOf("core/src/engine/claimer.ts", text)).toEqual([]);
  });
});

describe("the outside world", () => {
  const problemsOf = (path, text) => findOutsideWorld(treeOf({ [path]: text }));

  test.each([
    ["Date.now", "const t = Date.now();"],
    ["Date.now", 'const t = Date["now"]();'],
    ["Date.now", "const clock = { now: Date.now };"],
    ["new Date()", "const t = new Date();"],
    ["new Date()", "const t = new Date;"],
    ["Date()", "const t = Date();"],
    ["Math.random", "const n = Math.random();"],
    ["setTimeout", "setTimeout(tick, 5);"],
    ["setTimeout", "const timers = { setTimeout };"],
    ["setInterval", "const start = setInterval;"],
    ["setImmediate", "await new Promise((done) => setImmediate(done));"],
    ["process.env", "const url = process.env.DATABASE_URL;"],
    ["process.env", "const { DATABASE_URL } = process.env;"],
    ["crypto.randomUUID", "const id = crypto.randomUUID();"],
    ["performance.now", "const t = performance.now();"],
    ["AbortSignal.timeout", "await work(AbortSignal.timeout(5));"],
    ["globalThis", "globalThis.setTimeout(tick, 5);"],
    ["node:child_process", 'import { spawn } from "node:child_process";'],
    ["node:child_process", 'const { spawn } = await import("node:child_process");'],
    ["node:child_process", 'import { type ChildProcess, spawn } from "node:child_process";'],
    ["node:fs/promises", 'import { readFile } from "node:fs/promises";'],
    ["node:timers/promises", 'import { setTimeout as sleep } from "node:timers/promises";'],
    ["randomUUID of node:crypto", 'import { createHash, randomUUID } from "node:crypto";'],
    ["crypto.randomUUID", 'import crypto from "node:crypto"; crypto.randomUUID();'],
    ["v7 of uuid", 'import { v7 as newId } from "uuid";'],
  ])("%s is caught in %s", (what, text) => {
    for (const path of ["core/src/engine/claimer.ts", "core/src/callsheet.ts", "contract/src/model/job.ts"]) {
      const problems = problemsOf(path, `\n${text}`);
      expect(problems).toContainEqual({ path, line: 2, message: expect.stringContaining(`${what} may not be used`) });
    }
  });

  test.each([
    ["a date of a known time", "const at = new Date(row.at);"],
    ["a key", "const timers = { setTimeout: fake, Date: 1 }; timers.setTimeout(tick, 5);"],
    ["a type", "interface Timers { setTimeout(run: () => void, ms: number): void } type T = typeof setTimeout;"],
    ["a parameter", "const wait = ({ setTimeout }, ms) => setTimeout(tick, ms);"],
    ["a name of its own", "const process = await start(); process.kill; function f(crypto) { crypto.randomUUID(); }"],
    ["the rest of a module", 'import { createHash } from "node:crypto"; import { validate } from "uuid";'],
    [
      "a type of a module",
      'import type { Stats } from "node:fs"; import { type ChildProcess } from "node:child_process";',
    ],
    ["text", 'log("Date.now()"); // Math.random()'],
  ])("%s is accepted", (_what, text) => {
    expect(problemsOf("core/src/engine/claimer.ts", text)).toEqual([]);
  });

  test("the one place that hands the outside in may use it", () => {
    expect(problemsOf("core/src/engine/environment.ts", 'import "node:child_process"; Date.now();')).toEqual([]);
  });

  test("an exception for one thing is none for another", () => {
    const [problem, ...more] = problemsOf("core/src/store/migrate.ts", 'import "node:fs"; Date.now();');
    expect(problem.message).toContain("Date.now");
    expect(more).toEqual([]);
  });

  test("other workspaces are not the engine", () => {
    expect(problemsOf("cli/src/main.ts", "process.env.HOME; Date.now();")).toEqual([]);
  });
});
