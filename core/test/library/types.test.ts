import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const FILE = "core/test/library/typed-handles.ts";

test("handles are typed: what fits compiles, and each line marked as an error is one", { timeout: 60_000 }, () => {
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2023", "--skipLibCheck"];
  const resolution = ["--module", "nodenext", "--allowImportingTsExtensions", "--types", "node", "--ignoreConfig"];
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...resolution, FILE], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stdout).toBe("");
  expect(status).toBe(0);
  expect(readFileSync(`${root}${FILE}`, "utf8").match(/@ts-expect-error/g)!.length).toBeGreaterThan(8);
});
