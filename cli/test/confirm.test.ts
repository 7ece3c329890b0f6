import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { confirm } from "../src/confirm.ts";
import { Terminal } from "../src/terminal.ts";

/** A terminal with a person who types `answer` when asked. */
function personTyping(answer: string) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const asked: string[] = [];
  stderr.setEncoding("utf8").on("data", (text: string) => {
    if (asked.push(text) === 1) stdin.write(`${answer}\n`);
  });
  const terminal = new Terminal({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: new PassThrough() as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    variables: {},
    signal: new AbortController().signal,
  });
  return { terminal, asked: () => asked.join("") };
}

it.each([
  ["y", 1, true],
  ["YES", 100, true],
  ["", 1, false],
  ["n", 1, false],
  ["y", 101, false],
  ["101", 101, true],
])("the answer %j for %d jobs is meant: %s", async (answer, count, isMeant) => {
  const { terminal, asked } = personTyping(answer);
  const confirmed = confirm(terminal, "Shall they be cancelled?", count);
  if (isMeant) await confirmed;
  else await expect(confirmed).rejects.toMatchObject({ code: "not_confirmed", exitCode: 1 });
  expect(asked()).toContain(`Shall they be cancelled? ${count > 100 ? "[type 101]" : "[y/N]"} `);
});

it("with --yes nobody is asked", async () => {
  const { terminal, asked } = personTyping("n");
  terminal.flags = { yes: true };
  await confirm(terminal, "Shall it be cancelled?");
  expect(asked()).toBe("");
});

it("a name in a question cannot steer the terminal", async () => {
  const { terminal, asked } = personTyping("y");
  await confirm(terminal, "Shall \u001b[2Jx\nbe cancelled?");
  expect(asked()).toContain("Shall \\u{1b}[2Jx\\nbe cancelled?");
});
