import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../repository/root.mjs";
import { LONG, LongFirst } from "../tests/long-first.ts";

const sizes = { "core/test/small.test.ts": 1, "core/test/big.test.ts": 2, [LONG[0]]: 0, [LONG[1]]: 0 };
const vitest = {
  config: { root: "/repository" },
  cache: {
    getFileTestResults: () => undefined,
    getFileStats: (key) => ({ size: sizes[key.slice(1)] }),
  },
};
const project = { name: "", config: { isolate: true, sequence: { groupOrder: 0 } } };
const fileAt = (path) => ({ project, moduleId: `/repository/${path}` });

test("the long files begin first, in their order, then the others in vitest's", async () => {
  const sorted = await new LongFirst(vitest).sort(Object.keys(sizes).reverse().map(fileAt));
  expect(sorted).toEqual([LONG[0], LONG[1], "core/test/big.test.ts", "core/test/small.test.ts"].map(fileAt));
});

test.each(LONG)("%s is there", (path) => {
  expect(existsSync(join(repositoryRoot(), path))).toBe(true);
});
