import { findStale } from "../generate/print.mjs";
import { GENERATED } from "../generated.mjs";
import { readTree } from "../repository/tree.mjs";
import { findLongFiles } from "../rules/file-size.mjs";
import { findLongFunctions } from "../rules/function-size.mjs";
import { findCycles } from "../rules/import-cycles.mjs";
import { findWrongImports } from "../rules/import-directions.mjs";
import { findLostPaths } from "../rules/named-paths.mjs";
import { findOutsideWorld } from "../rules/outside-world.mjs";
import { findMisplacedSql } from "../rules/sql-places.mjs";
import { findWords } from "../rules/words.mjs";

/** The gates in the order in which they run: those that need nothing built first. */
export const STEPS = [
  program("format", "layout and lint (biome)", ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]),
  rule("sizes", "files and functions are short", (files) => [...findLongFiles(files), ...findLongFunctions(files)]),
  rule("imports", "directions, kept packages, no cycles", (files) => [
    ...findWrongImports(files),
    ...findCycles(files),
  ]),
  rule("sql", "SQL stands in store/ folders", findMisplacedSql),
  rule("outside", "time, randomness, timers and processes come as values", findOutsideWorld),
  rule("paths", "what documents name is there", findLostPaths),
  rule("words", "nothing that must not stand there", findWords),
  program("types", "the sources compile", ["typescript/bin/tsc", "-b"]),
  program("test-types", "the tests compile", ["typescript/bin/tsc", "-p", "tsconfig.test.json"]),
  program("unused", "no unused files, exports or dependencies (knip)", ["knip/bin/knip.js", "--no-config-hints"]),
  { name: "generated", what: "generated files are fresh", find: (root) => findStale(root, GENERATED) },
];

/** A gate that one of our programs keeps: fine when it ends with 0. */
function program(name, what, command) {
  return { name, what, command };
}

/** A gate that a rule of ours keeps: fine when it finds nothing. */
function rule(name, what, find) {
  return { name, what, find: (root) => find(readTree(root), root) };
}
