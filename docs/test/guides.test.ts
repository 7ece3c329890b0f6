import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeTemporaryDirectory, openPrivateServer, removeTemporary } from "@callsheet/postgres";
import { describe, expect, test } from "vitest";
import { fencesOf, isAsShown } from "./fences.ts";
import { runGuide } from "./run-guide.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GUIDES = readdirSync(`${ROOT}docs/guide`).filter((name) => name.endsWith(".md"));

describe("every block of code runs, and prints what is shown", { timeout: 120_000 }, () => {
  test.each([...GUIDES.map((name) => `docs/guide/${name}`), "queue/README.md"])("%s", async (name) => {
    // A server as a reader has it: that of the tests does not wait for the disk, which doctor calls a problem.
    const directory = await makeTemporaryDirectory();
    try {
      const server = await openPrivateServer({ dataDir: join(directory, "data") });
      await runGuide(readFileSync(ROOT + name, "utf8"), server.url).finally(() => server.close());
    } finally {
      await removeTemporary(directory);
    }
  });
});

describe("running a guide fails", { timeout: 60_000 }, () => {
  const block = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\`\n`;
  test.each([
    ["at a program of a wrong type", block("ts", "const text: string = 1;\nconsole.log(text);"), "TS2322"],
    ["at a program that throws", block("ts", "throw new Error('not as shown');"), "not as shown"],
    ["at a command that fails", block("sh", "callsheet db frob"), "it ended with 2"],
    ["at another output", block("sh", "echo one") + block("text output", "two"), "instead:\none"],
    [
      "at a test that fails",
      block("ts a.test.ts", 'import { expect, test } from "vitest";\ntest("a", () => expect(1).toBe(2));'),
      "expected 1 to be 2",
    ],
    ["at a node that does not start", block("sh background", "callsheet start --types none"), "no action type none"],
  ])("%s", async (_, markdown, message) => {
    await expect(runGuide(markdown, "postgres://127.0.0.1:1/none")).rejects.toThrow(message);
  });
});

test("blocks are found with their language, note and line", () => {
  const markdown = "# A\n\n```ts one.ts\nlet a;\n\n```\ntext\n```sh\nls\n```\n";
  expect(fencesOf(markdown)).toEqual([
    { line: 4, language: "ts", note: "one.ts", text: "let a;\n\n" },
    { line: 9, language: "sh", note: "", text: "ls\n" },
  ]);
  expect(() => fencesOf("```ts\nlet a;\n")).toThrow("line 2 is not closed");
});

test("an output is as shown to the letter, where … stands for anything", () => {
  expect(isAsShown("took 12 ms\n(all)\n", "took … ms\n(all)")).toBe(true);
  expect(isAsShown("took 12 ms\n(all)\n", "took … s\n(all)")).toBe(false);
  expect(isAsShown("a\nb\n", "a\n…\nb")).toBe(true);
  expect(isAsShown("a\nx\ny\nb\n", "a\n…\nb\n…")).toBe(true);
  expect(isAsShown("ax\nb\n", "a\n…\nb")).toBe(false);
  expect(isAsShown("one\ntwo\n", "one")).toBe(false);
});
