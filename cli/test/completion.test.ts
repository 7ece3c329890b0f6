import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { callsheet } from "./command.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
describe("callsheet completion", () => {
  it.each(SHELLS)("prints a script for %s that asks callsheet", async (shell) => {
    const { exitCode, stdout, stderr } = await callsheet("completion", shell).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/callsheet complete ['"]?--/);
  });

  it("prints a script that bash can read", async (context) => {
    context.skip(spawnSync("bash", ["-c", "exit"]).status !== 0, "no bash");
    const { stdout } = await callsheet("completion", "bash").ended;
    expect(spawnSync("bash", ["-n"], { input: stdout, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  it("answers what may follow: commands, their commands, their options", async () => {
    const complete = async (...words: readonly string[]) => (await callsheet("complete", "--", ...words).ended).stdout;
    const [top, db, options] = await Promise.all([complete(""), complete("db", ""), complete("start", "--")]);
    expect(top).toMatch(/^db\t/m);
    expect(top).toMatch(/^doctor\t/m);
    expect(db).toMatch(/^status\t/m);
    expect(db).not.toMatch(/^doctor\t/m);
    expect(options).toMatch(/^--plugin\t/m);
  });

  it("another shell is a wrong usage: 2", async () => {
    const { exitCode, stderr } = await callsheet("completion", "tcsh").ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain("zsh, bash, fish, powershell");
  });
});
