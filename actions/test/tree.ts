import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Everything below a directory: of files their bytes by a checksum, their rights and when they were written. */
export function treeOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(root, path);
      if (!entry.isFile()) return `${name}/`;
      const { mode, mtimeMs } = lstatSync(path);
      return [name, mode.toString(8), mtimeMs, createHash("sha256").update(readFileSync(path)).digest("hex")].join(" ");
    })
    .sort();
}
