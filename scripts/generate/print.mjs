import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a generated file should hold now. */
export function printGenerated(root, { print }) {
  return execFileSync(process.execPath, [print], { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** The generated files that differ from what their program prints, or whose program fails. */
export function findStale(root, entries) {
  return entries.flatMap((entry) => {
    const message = problemOf(root, entry);
    return message === undefined ? [] : [{ path: entry.file, line: 1, message }];
  });
}

function problemOf(root, entry) {
  try {
    if (readIfThere(join(root, entry.file)) === printGenerated(root, entry)) return undefined;
    return `is not what ${entry.print} prints. Run npm run generate and commit the result; do not edit it by hand.`;
  } catch (cause) {
    return `cannot be compared, since ${entry.print} fails: ${cause.message}`;
  }
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
