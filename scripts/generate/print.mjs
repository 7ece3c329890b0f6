import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a generated file should hold now. */
export function printGenerated(root, { print }) {
  return execFileSync(process.execPath, [print], { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** The generated files that differ from what their program prints. */
export function findStale(root, entries) {
  return entries
    .filter((entry) => readIfThere(join(root, entry.file)) !== printGenerated(root, entry))
    .map(({ file, print }) => ({
      path: file,
      line: 1,
      message: `is not what ${print} prints. Run npm run generate and commit the result; do not edit it by hand.`,
    }));
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
