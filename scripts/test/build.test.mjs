import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { copyAssets } from "../build/copy-assets.mjs";
import { aTree } from "./made-up-tree.mjs";

const MIGRATION = "store/migrations/0001_first.sql";
const aWorkspace = () =>
  aTree({ [`src/${MIGRATION}`]: "create", "src/index.ts": "", "dist/index.js": "", "dist/index.d.ts": "" });

test("what the compiler leaves behind is put beside what it wrote", () => {
  const workspace = aWorkspace();
  copyAssets(workspace);
  expect(readFileSync(join(workspace, "dist", MIGRATION), "utf8")).toBe("create");
  expect(existsSync(join(workspace, "dist/index.ts"))).toBe(false);
});

test("only what changed is written again", () => {
  const workspace = aWorkspace();
  const copy = join(workspace, "dist", MIGRATION);
  copyAssets(workspace);
  utimesSync(copy, 1000, 1000);
  copyAssets(workspace);
  expect(statSync(copy).mtimeMs).toBe(1_000_000);
  writeFileSync(join(workspace, "src", MIGRATION), "create table");
  copyAssets(workspace);
  expect(readFileSync(copy, "utf8")).toBe("create table");
});

test("an asset that is gone from the source is gone from what is packed; compiled files stay", () => {
  const workspace = aWorkspace();
  copyAssets(workspace);
  rmSync(join(workspace, "src", MIGRATION));
  copyAssets(workspace);
  expect(existsSync(join(workspace, "dist", MIGRATION))).toBe(false);
  expect(existsSync(join(workspace, "dist/index.d.ts"))).toBe(true);
});
