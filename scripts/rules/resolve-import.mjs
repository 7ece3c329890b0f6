import { posix } from "node:path";
import { packageOf } from "../repository/syntax.mjs";

/** Where the doors of our own packages stand: the name of the package with the folder of its workspace. */
export const FOLDERS = new Map([
  ["@callsheet/contract", "contract"],
  ["@callsheet/core", "core"],
  ["@callsheet/postgres", "postgres"],
  ["@callsheet/actions", "actions"],
  ["@callsheet/queue", "queue"],
  ["@callsheet/server", "server"],
  ["@callsheet/console", "console"],
  ["callsheet", "cli"],
]);

/** The path of the file in this repository that an import means; undefined for what comes from elsewhere. */
export function resolveImport(from, specifier) {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
  const name = packageOf(specifier);
  const folder = FOLDERS.get(name);
  if (folder === undefined) return undefined;
  return posix.join(folder, "src", specifier.slice(name.length), "index.ts");
}
