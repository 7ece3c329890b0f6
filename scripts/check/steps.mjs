import { spawnSync } from "node:child_process";
import { findStale } from "../generate/print.mjs";
import { GENERATED } from "../generated.mjs";
import { readTree } from "../repository/tree.mjs";
import { findLongFiles } from "../rules/file-size.mjs";
import { findLongFunctions } from "../rules/function-size.mjs";
import { findCycles } from "../rules/import-cycles.mjs";
import { findWrongImports } from "../rules/import-directions.mjs";
import { findOutsideWorld } from "../rules/outside-world.mjs";
import { findMisplacedSql } from "../rules/sql-places.mjs";
import { findWords } from "../rules/words.mjs";

/** The gates in the order in which they run: cheap ones first. */
export const STEPS = [
  program("format", "layout and lint (biome)", ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]),
  rule("sizes", "files and functions are short", (files) => [...findLongFiles(files), ...findLongFunctions(files)]),
  rule("imports", "directions, kept packages, no cycles", (files) => [
    ...findWrongImports(files),
    ...findCycles(files),
  ]),
  rule("sql", "SQL stands in store/ folders", findMisplacedSql),
  rule("outside", "time, randomness, timers and processes come as values", findOutsideWorld),
  rule("words", "nothing that must not stand there", findWords),
  program("types", "the sources compile", ["typescript/bin/tsc", "-b"]),
  program("test-types", "the tests compile", ["typescript/bin/tsc", "-p", "tsconfig.test.json"]),
  program("unused", "no unused files, exports or dependencies (knip)", ["knip/bin/knip.js"]),
  { name: "generated", what: "generated files are fresh", run: (root) => report(findStale(root, GENERATED)) },
];

function program(name, what, [file, ...args]) {
  const run = (root) =>
    spawnSync(process.execPath, [`node_modules/${file}`, ...args], { cwd: root, stdio: "inherit" }).status === 0;
  return { name, what, run };
}

function rule(name, what, find) {
  return { name, what, run: (root) => report(find(readTree(root))) };
}

function report(problems) {
  for (const { path, line, message } of problems) console.log(`${path}:${line}  ${message}`);
  return problems.length === 0;
}
