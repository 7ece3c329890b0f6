import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
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
      expect(stderr).toContain("callsheet --help shows what there is.");
    },
  );

  it("a failure is one sentence and what to do next, without a stack: 1", async () => {
    const { exitCode, stderr } = await callsheet("demo", "--data-dir", process.execPath).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^callsheet: [^\n]+ \(data_directory_unwritable\)\n[^\n]+\n$/);
  });

  it("a server that is not there is named without the password: 1", async () => {
    const url = "postgres://ada:secret@127.0.0.1:1/media";
    const { exitCode, stdout, stderr } = await callsheetWith({ DATABASE_URL: url }, "demo").ended;
    expect(exitCode).toBe(1);
    expect(stdout).toContain("PostgreSQL of DATABASE_URL on 127.0.0.1:1");
    expect(stderr).toMatch(/^callsheet: [^\n]+ \(database_lost\)\n[^\n]+\n$/);
    expect(stdout + stderr).not.toContain("secret");
  });

  it("is not disturbed when nobody reads its output to the end", async () => {
    const { child, ended } = callsheet("--help");
    child.stdout!.destroy();
    await once(child, "exit");
    expect(await ended).toMatchObject({ exitCode: 0, stderr: "" });
  });
});
