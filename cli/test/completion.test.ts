import { spawnSync } from "node:child_process";
import { access, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { callsheet } from "./command.ts";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

describe("callsheet completion", () => {
  it.each(["bash", "zsh", "fish"])(
    "prints a script for %s that asks callsheet and evaluates nothing",
    async (shell) => {
      const { exitCode, stdout, stderr } = await callsheet("completion", shell).ended;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain("callsheet complete -- ");
      expect(stdout).not.toMatch(/\beval\b|compgen -W/);
    },
  );

  it("completes in bash, and does not run what is being typed", async (context) => {
    context.skip(spawnSync("bash", ["-c", "exit"]).status !== 0, "no bash");
    const folder = await mkdtemp(join(tmpdir(), "callsheet-completion-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const canary = join(folder, "canary");
    const hostile = [`$(touch ${canary})`, `\`touch ${canary}\``, `;touch ${canary}`, `a[$(touch ${canary})]`];
    const completions = await bashIn(folder);
    expect(completions("d")).toEqual(["demo", "db", "doctor"]);
    expect(completions("jobs", "create", "--config-")).toEqual(["--config-file"]);
    for (const word of hostile) {
      completions("jobs", word, "");
      completions("jobs", word);
    }
    await expect(access(canary)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("another shell is a wrong usage: 2", async () => {
    const { exitCode, stderr } = await callsheet("completion", "tcsh").ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain("bash, zsh, fish");
  });
});

describe("callsheet complete", () => {
  it.each([
    { words: ["db", "st"], answer: ["start", "stop", "status"] },
    { words: ["completion", ""], answer: ["bash", "zsh", "fish"] },
    { words: ["--data-dir", "d", "db", "u"], answer: ["url"] },
    { words: ["--data-dir", "=", "d"], answer: [] },
    { words: ["start", "--pl"], answer: ["--plugin"] },
    { words: ["pa"], answer: ["pause", "pauses"] },
    { words: ["resources", "s"], answer: ["show", "start", "stop"] },
    { words: ["queues", "s"], answer: ["show"] },
    { words: ["secrets", "r"], answer: ["remove", "rotate"] },
    { words: ["limits", "put", "--q"], answer: ["--queue", "--quiet"] },
    { words: ["start", "--data"], answer: ["--data-dir", "--database-url"] },
    { words: ["start", "--data-dir", "d"], answer: [] },
  ])("of $words the last may become $answer", async ({ words, answer }) => {
    const { stdout } = await callsheet("complete", "--", ...words).ended;
    const lines = stdout.split("\n").slice(0, -1);
    expect(lines.map((line) => line.split("\t")[0])).toEqual(answer);
    expect(lines.every((line) => /\t./.test(line))).toBe(true);
  });
});

/** A bash that has read our script: it answers what the words after `callsheet` may become. */
async function bashIn(folder: string): Promise<(...words: readonly string[]) => readonly string[]> {
  const command = join(folder, "callsheet");
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(command, 0o700);
  const { stdout: script } = await callsheet("completion", "bash").ended;
  const ask = `${script}\nCOMP_WORDS=(callsheet "$@") COMP_CWORD=$#\n_callsheet\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  return (...words) => {
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout, status, stderr } = spawnSync("bash", ["--norc", "-c", ask, "bash", ...words], {
      ...{ env, encoding: "utf8" },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return stdout.split("\n").filter((line) => line !== "");
  };
}
