import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callsheetWith } from "./command.ts";
import { speaking } from "./speaking.ts";

const PLUGIN = fileURLToPath(new URL("fixtures/teller.mjs", import.meta.url));
const VALUE = "canary of a password";

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  [database, folder] = await Promise.all([openTestDatabase(), makeTemporaryDirectory()]);
});
afterAll(async () => {
  await database.close();
  await removeTemporary(folder);
});

const keys = () => join(folder, "sub", "keys");
const start = (...args: readonly string[]) =>
  callsheetWith({ DATABASE_URL: database.url, CALLSHEET_SECRET_KEY_FILE: keys(), NO_COLOR: "1" }, ...args);
const run = (...args: readonly string[]) => start(...args).ended;
const piped = (text: string, ...args: readonly string[]) => {
  const { child, ended } = start(...args);
  child.stdin!.end(text);
  return ended;
};

describe("callsheet secrets", () => {
  it("without a key says how to make one: 1; init-key makes the file once, for its owner only", async () => {
    const none = await piped(VALUE, "secrets", "put", "ftp");
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect(none.stderr).toMatch(
      /^callsheet: There is no key file .*\. \(secret_key_missing\)\n.*\nTry: callsheet secrets init-key\n$/,
    );
    const made = await run("secrets", "init-key", "--json");
    expect(JSON.parse(made.stdout)).toEqual({ file: keys(), keyId: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect(made.stderr).toContain("Keep a copy");
    expect(statSync(keys()).mode & 0o777).toBe(0o600);
    expect(await run("secrets", "init-key")).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining("Try: callsheet secrets init-key --add\n"),
    });
    const nowhere = await callsheetWith({ DATABASE_URL: database.url }, "secrets", "init-key").ended;
    expect(nowhere.stderr).toMatch(/secret_key_missing[\s\S]*--secret-key-file/);
  });

  it("put reads the value from a pipe or a file, list never shows it, remove forgets it", async () => {
    const put = await piped(`${VALUE}\n`, "--as", "ada", "secrets", "put", "ftp", "--actions", "echo,fussy", "--json");
    expect(JSON.parse(put.stdout)).toMatchObject([
      { name: "ftp", version: 1, actions: ["echo", "fussy"], changedBy: "ada", reason: null },
    ]);
    writeFileSync(join(folder, "value"), `${VALUE} of two\nlines\n`);
    const again = await run("secrets", "put", "ftp", "--file", join(folder, "value"));
    const listed = await run("secrets", "list");
    expect(listed.stdout).toBe(again.stdout);
    expect(listed.stdout.split("\t").slice(0, 2)).toEqual(["ftp", "2"]);
    expect(put.stdout + put.stderr + again.stdout + listed.stdout).not.toContain("canary");
    expect(await piped(VALUE, "secrets", "put", "gone", "--any-action")).toMatchObject({ exitCode: 0 });
    expect(await run("secrets", "remove", "gone", "--yes")).toMatchObject({ exitCode: 0, stderr: "Removed gone.\n" });
    const history = await run("--as", "ada", "secrets", "history", "gone", "--json=event,version,jobId");
    expect(JSON.parse(history.stdout)).toEqual(["remove", "put"].map((event) => ({ event, version: 1, jobId: null })));
    const missing = await run("secrets", "remove", "gone", "--yes");
    expect(missing).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("Try: callsheet secrets list\n") });
  });

  it.each([
    ["a value as an argument", ["put", "ftp", "value"]],
    ["both some actions and all", ["put", "ftp", "--actions", "a", "--any-action"]],
    ["a value that is too short", ["put", "ftp"]],
    ["a removal without a yes", ["remove", "ftp"]],
  ])("%s is a wrong usage: 2", async (_, args) => {
    expect(await piped("abc", "secrets", ...args)).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("a job gets the value, and no command shows it; a new key takes the place of the first", {
    timeout: 60_000,
  }, async () => {
    await piped(VALUE, "secrets", "put", "ftp", "--any-action");
    const node = speaking(start("work", "--name", "keeper", "--plugin", PLUGIN));
    await node.says("Takes jobs");
    await run("actions", "put", "tell", "--type", "test.teller", "--config", "password=secret://ftp");
    const created = ["fails=false", "fails=true"].map((how) => run("jobs", "create", "tell", "-c", how, "--json"));
    const ids = (await Promise.all(created)).map(({ stdout }) => (JSON.parse(stdout) as { id: string }).id);
    const all: string[] = [];
    for (const id of ids) {
      const views = ["show", "history", "context", "logs", "explain"].map((view) => ["jobs", view, id]);
      for (const args of [
        ["jobs", "wait", id, "--json"],
        ...views,
        ["jobs", "show", id, "--json"],
        ["jobs", "list", "--json"],
      ]) {
        const { stdout, stderr } = await run(...args);
        all.push(stdout, stderr);
      }
    }
    const written = all.join("\n");
    expect(written).toContain(`"length": ${VALUE.length}`);
    for (const word of ["the password is ***", "not ***", "not_good", "secret://ftp"]) expect(written).toContain(word);
    expect(written + (await node.says("not_good"))).not.toContain("canary");

    const { keyId } = JSON.parse((await run("secrets", "init-key", "--add", "--json")).stdout);
    expect((await run("secrets", "rotate")).stdout).toBe(`All secrets are sealed with key ${keyId}; 1 were not.\n`);
    const [last] = readFileSync(keys(), "utf8").trim().split("\n").slice(-1);
    writeFileSync(keys(), `${last}\n`);
    const after = JSON.parse((await run("jobs", "create", "tell", "--json")).stdout);
    expect(JSON.parse((await run("jobs", "wait", after.id, "--json")).stdout)).toMatchObject([{ state: "completed" }]);
    node.child.kill("SIGINT");
    expect(await node.ended).toMatchObject({ exitCode: 0 });
  });
});
