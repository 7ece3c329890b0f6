import { describe, expect, test } from "vitest";
import { treeOf } from "../repository/tree.mjs";
import { findCycles } from "../rules/import-cycles.mjs";
import { findWrongImports } from "../rules/import-directions.mjs";

const problemsOf = (path, text) => findWrongImports(treeOf({ [path]: text })).map(({ message }) => message);

describe("directions", () => {
  test.each([
    ["contract/src/model/job.ts", 'import { route } from "../api/routes.ts";', "model may not import api"],
    ["contract/src/model/job.ts", 'export type { Route } from "../api/routes.ts";', "model may not import api"],
    ["contract/src/model/job.ts", 'export * from "../client.ts";', "model may not import api"],
    [
      "core/src/store/jobs.ts",
      'import type { Create } from "../operations/create.ts";',
      "store may not import operations",
    ],
    [
      "core/src/operations/create.ts",
      'import { engine } from "../engine/engine.ts";',
      "operations may not import engine",
    ],
    [
      "core/src/operations/create.ts",
      'type A = import("../engine/engine.ts").Engine;',
      "operations may not import engine",
    ],
    [
      "core/src/engine/engine.ts",
      'const { Callsheet } = await import("../callsheet.ts");',
      "engine may not import callsheet",
    ],
    ["core/src/engine/engine.ts", 'import { aJob } from "../testing/factory.ts";', "engine may not import testing"],
    ["core/src/engine/engine.ts", 'import { Callsheet } from "@callsheet/core";', "engine may not import callsheet"],
    ["core/src/callsheet.ts", 'import { probe } from "@callsheet/actions";', "callsheet may not import actions"],
    ["postgres/src/server.ts", 'import { Callsheet } from "@callsheet/core";', "postgres may not import callsheet"],
    ["console/src/app.tsx", 'import { Callsheet } from "@callsheet/core/testing";', "console may not import testing"],
    ["server/src/app.ts", 'import { main } from "callsheet";', "server may not import cli"],
  ])("%s: %s", (path, text, message) => {
    expect(problemsOf(path, text)).toEqual([expect.stringContaining(message)]);
  });

  test("what goes along the directions is accepted", () => {
    const files = treeOf({
      "contract/src/api/routes.ts": 'import { JOB_STATES } from "../model/state.ts";',
      "core/src/store/jobs.ts":
        'import { JOB_STATES } from "@callsheet/contract"; import { sql } from "./database.ts";',
      "core/src/engine/engine.ts":
        'import { create } from "../operations/create.ts"; import type { Store } from "../store/store.ts";',
      "core/src/callsheet.ts": 'import { engine } from "./engine/engine.ts"; await import("@callsheet/postgres");',
      "cli/src/main.ts": 'import { Callsheet } from "@callsheet/core"; import { probe } from "@callsheet/actions";',
      "core/test/engine.test.ts": 'import { engine } from "../src/engine/engine.ts"; import "@callsheet/postgres";',
    });
    expect(findWrongImports(files)).toEqual([]);
  });

  test("the message names the line, the reason and the file of the rules", () => {
    const [problem] = findWrongImports(treeOf({ "core/src/store/jobs.ts": '\n\nimport "../engine/engine.ts";' }));
    expect(problem).toMatchObject({ path: "core/src/store/jobs.ts", line: 3 });
    expect(problem.message).toContain("not their callers");
    expect(problem.message).toContain("scripts/import-rules.mjs");
  });

  test("a new folder of core must be given a layer", () => {
    expect(problemsOf("core/src/drawer/a.ts", "")).toEqual([expect.stringContaining("no layer")]);
  });

  test("a path into another workspace is refused, in tests too", () => {
    expect(problemsOf("core/test/a.test.ts", 'import "../../contract/src/index.ts";')).toEqual([
      expect.stringContaining("by the name of its package"),
    ]);
  });
});

describe("packages", () => {
  test.each([
    ["contract/src/client.ts", 'import pg from "pg";', "pg may not be imported here"],
    ["contract/src/model/json.ts", 'import { Buffer } from "node:buffer";', "node:buffer may not be imported here"],
    ["core/src/store/jobs.ts", 'import type { Pool } from "pg";', "core/src/store/driver/ only"],
    [
      "core/src/engine/engine.ts",
      'import sql from "sql-template-tag";',
      "core/src/store/, core/src/testing/store/ only",
    ],
  ])("%s: %s", (path, text, message) => {
    expect(problemsOf(path, text)).toEqual([expect.stringContaining(message)]);
  });

  test("the places that keep a package may import it", () => {
    const files = treeOf({
      "contract/src/model/json.ts": 'import * as z from "zod";',
      "core/src/store/driver/pool.ts": 'import pg from "pg"; import sql from "sql-template-tag";',
      "postgres/src/admin.ts": 'import pg from "pg";',
    });
    expect(findWrongImports(files)).toEqual([]);
  });
});

describe("cycles", () => {
  test("a cycle is named by its way, once", () => {
    const files = treeOf({
      "core/src/engine/a.ts": 'export const a = 1;\nimport { b } from "./b.ts";',
      "core/src/engine/b.ts": 'import { c } from "./c.ts";',
      "core/src/engine/c.ts": 'import { a } from "./a.ts";',
      "core/src/engine/d.ts": 'import { a } from "./a.ts";',
    });
    const way = "core/src/engine/a.ts → core/src/engine/b.ts → core/src/engine/c.ts → core/src/engine/a.ts";
    expect(findCycles(files)).toEqual([
      { path: "core/src/engine/a.ts", line: 2, message: expect.stringContaining(way) },
    ]);
  });

  test("a cycle of types only is a cycle", () => {
    const files = treeOf({
      "contract/src/model/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
      "contract/src/model/b.ts": 'export type B = import("./a.ts").A;',
    });
    expect(findCycles(files)).toHaveLength(1);
  });

  test("a cycle by way of the package's own door is a cycle", () => {
    const files = treeOf({
      "actions/src/index.ts": 'export * from "./probe.ts";',
      "actions/src/probe.ts": 'import { checksum } from "@callsheet/actions";',
    });
    expect(findCycles(files)).toHaveLength(1);
  });

  test("a file that imports itself is a cycle", () => {
    expect(findCycles(treeOf({ "core/src/a.ts": 'import "./a.ts";' }))).toHaveLength(1);
  });

  test("two cycles without a common file are two problems", () => {
    const files = treeOf({
      "core/src/a.ts": 'import "./b.ts";',
      "core/src/b.ts": 'import "./a.ts";',
      "core/src/c.ts": 'import "./d.ts";',
      "core/src/d.ts": 'import "./c.ts";',
    });
    expect(findCycles(files)).toHaveLength(2);
  });

  test("a diamond is no cycle", () => {
    const files = treeOf({
      "core/src/a.ts": 'import "./b.ts"; import "./c.ts";',
      "core/src/b.ts": 'import "./d.ts";',
      "core/src/c.ts": 'import "./d.ts";',
      "core/src/d.ts": "",
    });
    expect(findCycles(files)).toEqual([]);
  });
});
