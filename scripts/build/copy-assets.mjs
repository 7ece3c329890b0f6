import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";

/** What the compiler reads itself, and writes itself; every other file of `src` is an asset. */
const COMPILED = new Set([".ts", ".tsx", ".mts", ".cts"]);
const WRITTEN = new Set([".js", ".mjs", ".map", ".tsbuildinfo", ...COMPILED]);

/** Makes `dist` of a workspace hold exactly the assets of its `src`; files that are the same are not touched. */
export function copyAssets(workspace) {
  const source = join(workspace, "src");
  const target = join(workspace, "dist");
  const assets = filesUnder(source).filter((file) => !COMPILED.has(extname(file)));
  for (const asset of assets) copyWhenChanged(join(source, asset), join(target, asset));
  for (const file of filesUnder(target)) {
    if (!WRITTEN.has(extname(file)) && file !== ".tsbuildinfo" && !assets.includes(file)) rmSync(join(target, file));
  }
}

function filesUnder(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

function copyWhenChanged(from, to) {
  if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
