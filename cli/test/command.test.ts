import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { examplesOf } from "../src/examples.ts";
import { createProgram } from "../src/program.ts";
import { Terminal } from "../src/terminal.ts";
import { callsheet, callsheetWith } from "./command.ts";

describe("callsheet", () => {
  it("alone, or with --help, shows examples first", async () => {
    const [alone, help] = await Promise.all([callsheet().ended, callsheet("--help").ended]);
    expect(alone).toEqual(help);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Examples:\n {2}callsheet demo/);
    expect(help.stdout.indexOf("Usage: callsheet")).toBeGreaterThan(0);
  });

  it("--version prints the version of the package", async () => {
    const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect(await callsheet("--version").ended).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it.each(["frob", "demo --frob", "demo extra", "demo --data-dir", "demo --data-dir "])(
    "%j is a wrong usage: 2",
    async (line) => {
      const { exitCode, stdout, stderr } = await callsheet(...line.split(" ")).ended;
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(/^callsheet: .+ \(usage\)\ncallsheet (demo )?--help shows what there is\.\n$/);
    },
  );

  it("suggests the command or option that was meant, and the help of the command that was", async () => {
    const [command, option, none] = await Promise.all([
      callsheet("jobs", "lst").ended,
      callsheet("jobs", "list", "--stat", "failed").ended,
      callsheet("jobs", "list", "--nothing").ended,
    ]);
    expect(command).toMatchObject({
      exitCode: 2,
      stderr: "callsheet: unknown command 'lst' (usage)\nDid you mean list?\n",
    });
    expect(option).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("Did you mean --state?") });
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("callsheet jobs list --help") });
  });

  it("every command has a help that begins with examples", async () => {
    const { stdin, stdout, stderr } = process;
    const signal = new AbortController().signal;
    const all = [createProgram(new Terminal({ stdin, stdout, stderr, variables: {}, signal }))];
    const names = all[0]!.commands.map((command) => command.name());
    for (const command of all) {
      // What shells ask for completions is no command of people's.
      all.push(...command.commands.filter((one) => one.name() !== "complete"));
      expect(examplesOf(command), command.name()).not.toEqual([]);
      for (const [line] of examplesOf(command)) expect(names).toContain(line.split(" ")[0]);
    }
    expect(all.length).toBeGreaterThan(25);
    expect((await callsheet("jobs", "retry", "--help").ended).stdout).toMatch(
      /^Examples:\n {2}callsheet jobs retry ID /,
    );
  });

  it("a failure is one sentence and what to do next, without a stack: 1", async () => {
    const { exitCode, stderr } = await callsheet("demo", "--data-dir", process.execPath).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^callsheet: [^\n]+ \(data_directory_unwritable\)\n[^\n]+\n$/);
  });

  it("a server that is not there is named without the password: 1", async () => {
    const url = "postgres://ada:secret@127.0.0.1:1/media";
    const { exitCode, stdout, stderr } = await callsheetWith({ DATABASE_URL: url }, "demo").ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain("PostgreSQL at 127.0.0.1:1");
    expect(stderr).toMatch(/^callsheet: [^\n]+ \(database_lost\)\n[^\n]+\nTry: callsheet doctor\n$/);
    expect(stdout + stderr).not.toContain("secret");
  });

  it("is not disturbed when nobody reads its output to the end", async () => {
    const { child, ended } = callsheet("--help");
    child.stdout!.destroy();
    await once(child, "exit");
    expect(await ended).toMatchObject({ exitCode: 0, stderr: "" });
  });
});
