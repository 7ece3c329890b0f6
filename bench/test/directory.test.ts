import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDirectory, removeDirectory } from "../machine/directory.mjs";

const NOBODY = 2 ** 22 + 1; // above the greatest process id there can be

describe("a run's directory", () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync("/var/tmp/bench-test-");
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it("may be entered by the servers' users", () => {
    const directory = makeDirectory(parent);
    expect(statSync(directory).mode & 0o777).toBe(0o711);
    removeDirectory(directory);
    expect(readdirSync(parent)).toEqual([]);
  });

  it("takes away what a killed run left, and nothing of a run that lives or of anybody else", () => {
    const left = `callsheet-bench-${NOBODY}-abc`;
    const living = `callsheet-bench-${process.pid}-abc`;
    for (const name of [left, living, "callsheet-bench-notes"]) mkdirSync(join(parent, name));
    writeFileSync(join(parent, left, "file"), "");
    makeDirectory(parent);
    expect(readdirSync(parent)).not.toContain(left);
    expect(readdirSync(parent)).toEqual(expect.arrayContaining([living, "callsheet-bench-notes"]));
  });

  it("is refused in memory", () => {
    expect(() => makeDirectory("/dev/shm")).toThrow("nothing is durable there");
  });
});
