import { readFileSync } from "node:fs";
import { openTestDatabase } from "@callsheet/core/testing";
import { expect, test, vi } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("the first example runs as the readme shows it", async () => {
  await using database = await openTestDatabase();
  vi.stubEnv("DATABASE_URL", database.url);
  const lines: unknown[][] = [];
  vi.spyOn(console, "log").mockImplementation((...line) => void lines.push(line));
  try {
    await import("../hello.ts");
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]!.slice(0, 2)).toEqual(["completed", "Hello world"]);
  expect((lines[0]![2] as { event: string }[]).map((line) => line.event)).toContain("complete");
});

test("the readme's first program is the example, line by line", () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(read("../../README.md")) ?? [];
  expect(program).toBe(read("../hello.ts"));
});
