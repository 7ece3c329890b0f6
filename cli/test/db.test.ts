import { lstat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Callsheet } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary, serverStatus } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callsheet, callsheetWith } from "./command.ts";

let own: string;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
});
afterAll(() => removeTemporary(own));
const dataDir = () => join(own, "data");
const db = async (...args: readonly string[]) => callsheet("db", ...args, "--data-dir", dataDir()).ended;
const json = async (...args: readonly string[]) => JSON.parse((await db(...args, "--jsonl")).stdout);

describe("callsheet db, on the private server", () => {
  it("says that there is none yet, and makes nothing by looking", async () => {
    expect(await json("status")).toMatchObject({ state: "absent", pid: null, version: null, schema: null, users: [] });
    await expect(lstat(dataDir())).rejects.toThrow("ENOENT");
    const { exitCode, stderr, stdout } = await db("url", "--quiet");
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
    expect(stderr).toBe(
      `callsheet: No private server runs in ${dataDir()}. (server_not_running)\nStart it with callsheet db start.\n`,
    );
    expect(await json("stop")).toEqual({ dataDir: dataDir(), outcome: "not_running" });
  });

  it("starts it and leaves it running; migrates; tells of it; gives its URL; stops it", async () => {
    const { exitCode, stdout } = await db("start");
    expect(exitCode).toBe(0);
    const { pid } = await serverStatus(dataDir());
    expect(stdout).toMatch(new RegExp(`^State +running, process ${pid}, stays when unused$`, "m"));
    expect(stdout).toMatch(/^Schema +none yet: callsheet db migrate makes it$/m);

    expect((await db("migrate")).stdout).toMatch(/^Applied 0001_\w+\.sql\n/);
    expect((await db("migrate")).stdout).toBe("The schema was up to date.\n");

    const status = await json("status");
    expect(status).toMatchObject({
      state: "running",
      pid,
      staysRunning: true,
      users: [],
      schema: { state: "current" },
    });
    expect(status.sizeBytes).toBeGreaterThan(1_000_000);
    expect(JSON.stringify(status)).not.toContain("postgresql://");

    const url = await db("url");
    expect(url.stdout).toBe(`${(await serverStatus(dataDir())).url}\n`);
    expect(url.stderr).toContain("password");
    expect((await db("url", "--quiet")).stderr).toBe("");

    expect((await db("stop")).stdout).toBe("The server was stopped.\n");
    expect(await json("status")).toMatchObject({ state: "stopped", pid: null });
  });

  it("does not stop it while others use it, and says who they are; with --force it does", async () => {
    const cs = await Callsheet.open({ dataDir: dataDir(), onError: () => undefined });
    try {
      const { exitCode, stderr } = await db("stop");
      expect(exitCode).toBe(5);
      expect(stderr).toMatch(new RegExp(`^callsheet: The server is used by process ${process.pid} \\(.+\\)\\. `));
      expect(stderr).toContain("--force");
      expect((await json("status")).users).toEqual([
        { pid: process.pid, command: expect.stringMatching(/node|vitest/) },
      ]);
      expect(await json("stop", "--force")).toEqual({ dataDir: dataDir(), outcome: "stopped" });
    } finally {
      await cs.close();
    }
  });
});

describe("callsheet db, on a database of somebody's", () => {
  it("looks at it and migrates it, and does not start or stop it", async () => {
    await using database = await openTestDatabase();
    const given = (command: string, ...args: string[]) =>
      callsheetWith({ DATABASE_URL: database.url }, "db", command, ...args).ended;
    await database.db.query({ text: "drop schema callsheet cascade", values: [] });
    expect(JSON.parse((await given("status", "--json")).stdout)).toMatchObject({
      ...{ state: "running", pid: null, dataDir: null },
      schema: { state: "absent", pending: expect.arrayContaining([expect.stringMatching(/^0001_/)]) },
    });
    expect((await given("migrate")).stdout).toMatch(/^Applied 0001_/);
    expect((await given("url", "-q")).stdout).toBe(`${database.url}\n`);
    for (const command of ["start", "stop"]) {
      const { exitCode, stderr } = await given(command);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("Give --data-dir for a private server, or unset DATABASE_URL.");
    }
  });
});

describe("callsheet db export and import", () => {
  it("move all jobs from one database to another, and say what was moved", async () => {
    await using source = await openTestDatabase();
    await using target = await openTestDatabase();
    const cs = await source.open();
    await cs.actions.put({ name: "held", type: "test" });
    const job = await cs.jobs.create("held", { startAt: null, tags: ["moved"] });
    const file = join(own, "moved.jsonl.gz");
    const on = (database: { readonly url: string }, ...args: string[]) =>
      callsheetWith({ DATABASE_URL: database.url }, "db", ...args).ended;

    const out = await on(source, "export", file);
    expect(out).toMatchObject({ exitCode: 0, stderr: "" });
    expect(out.stdout).toMatch(/^Exported 1 job \(\d+ rows, [\d.]+ \w+\) to /);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
    expect(await on(source, "export", file)).toMatchObject({ exitCode: 5, stdout: "" });

    const back = await on(target, "import", file);
    expect(back).toMatchObject({ exitCode: 0, stderr: "" });
    expect(back.stdout).toMatch(/^Imported 1 job \(\d+ rows\) as of 20/);
    expect(await (await target.open()).jobs.get(job.id)).toEqual(await cs.jobs.get(job.id));
    const again = await on(target, "import", file);
    expect(again).toMatchObject({ exitCode: 5, stdout: "" });
    expect(again.stderr).toContain("(database_not_empty)");
    expect(await on(target, "import", file, "--replace")).toMatchObject({ exitCode: 2 });
    expect(JSON.parse((await on(target, "import", file, "--replace", "--yes", "--json")).stdout)).toMatchObject({
      jobs: 1,
    });
  });

  it("leave no file behind when there is nothing to export, and say what cannot be read", async () => {
    await using database = await openTestDatabase();
    await database.db.query({ text: "drop schema callsheet cascade", values: [] });
    const file = join(own, "nothing.jsonl.gz");
    const on = (...args: string[]) => callsheetWith({ DATABASE_URL: database.url }, "db", ...args).ended;
    expect(await on("export", file)).toMatchObject({ exitCode: 1, stdout: "" });
    await expect(lstat(`${file}.part`)).rejects.toThrow("ENOENT");
    expect(await on("import", file)).toMatchObject({ exitCode: 3, stdout: "" });
    await writeFile(file, "not an export");
    const { exitCode, stderr } = await on("import", file);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^callsheet: This is no whole export of Callsheet: .* \(export_unreadable\)\nGive the file/);
  });
});
