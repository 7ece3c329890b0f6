import { chmod, lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ffmpeg } from "@callsheet/actions";
import type { DatabaseFacts } from "@callsheet/core";
import { openTestDatabase } from "@callsheet/core/testing";
import { type DirectoryFacts, makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeDatabase } from "../src/doctor/database.ts";
import type { Finding } from "../src/doctor/finding.ts";
import { judgeMachine, type MachineFacts } from "../src/doctor/machine.ts";
import { judgeFfmpeg } from "../src/doctor/media.ts";
import { judgeDirectory, judgeServer } from "../src/doctor/private-server.ts";
import { judgeFree } from "../src/doctor/workspace.ts";
import { callsheetWith } from "./command.ts";

const levelsOf = (findings: readonly Finding[]) => findings.map(({ about, level }) => `${about}: ${level}`);

describe("judging a database", () => {
  const good: DatabaseFacts = {
    ...{ version: "16.4", versionNumber: 160_004, encoding: "UTF8", database: "media", user: "ada", mayCreate: true },
    ...{ bytes: 9e6, at: new Date(0), isStandby: false, fsync: true, fullPageWrites: true, synchronousCommit: "on" },
    ...{
      connections: 10,
      maxConnections: 100,
      processId: 1,
      notificationsFull: 0,
      roundTripMs: 1,
      skewMs: 30,
      hasPooler: false,
    },
    schema: { state: "current", version: "0001_a.sql", pending: [] },
    longTransactions: [],
    nodes: [
      {
        ...{ name: "one", site: "default", slots: 4, host: "here", pid: 7, state: "up", startedAt: new Date(0) },
        ...{ timeZones: "2025b", isAlive: true, heardAfterMs: 900 },
      },
    ],
  };
  const node = good.nodes[0]!;
  const open = { pid: 9, user: "ada", application: "psql", state: "idle in transaction", ms: 3_600_000 };
  const bad = (judged: readonly Finding[]) => levelsOf(judged.filter(({ level }) => level !== "ok"));

  it("finds nothing wrong with a good one", () => {
    expect(bad(judgeDatabase(good))).toEqual([]);
  });

  const cases: readonly [string, Partial<DatabaseFacts>, string][] = [
    ["an old server", { versionNumber: 140_010 }, "Database: problem"],
    ["another encoding", { encoding: "LATIN1" }, "Database: problem"],
    ["a standby", { isStandby: true }, "Database: problem"],
    ["a server far away", { roundTripMs: 90 }, "Database: warning"],
    ["fsync off", { fsync: false }, "Durability: problem"],
    ["full_page_writes off", { fullPageWrites: false }, "Durability: problem"],
    ["synchronous_commit off", { synchronousCommit: "off" }, "Durability: warning"],
    ["few connections left", { connections: 80 }, "Connections: warning"],
    ["notifications that nobody takes", { notificationsFull: 0.1 }, "Notifications: warning"],
    ["a pooler", { hasPooler: true }, "Pooler: warning"],
    ["a long transaction", { longTransactions: [open] }, "Long transaction: warning"],
    ["a clock ahead", { skewMs: 5_000 }, "Clock: warning"],
    ["a clock behind", { skewMs: -5_000 }, "Clock: warning"],
    ["a schema behind", { schema: { state: "behind", version: "1", pending: ["2"] }, nodes: [] }, "Schema: warning"],
    ["a newer schema", { schema: { state: "newer", version: "9", pending: [] }, nodes: [] }, "Schema: problem"],
    ["a changed schema", { schema: { state: "changed", version: "1", pending: [] }, nodes: [] }, "Schema: problem"],
    [
      "no schema and no right to make one",
      { schema: { state: "absent", version: null, pending: ["1"] }, mayCreate: false, nodes: [] },
      "Schema: problem",
    ],
    ["no node", { nodes: [] }, "Nodes: warning"],
    ["a node whose process has ended", { nodes: [{ ...node, isAlive: false, heardAfterMs: null }] }, "Node: warning"],
    [
      "nodes with different time zone data",
      { nodes: [node, { ...node, name: "two", timeZones: "2025c" }] },
      "Time zones: warning",
    ],
    ["a node that is not heard", { nodes: [{ ...node, isAlive: undefined, heardAfterMs: null }] }, "Node: warning"],
  ];
  it.each(cases)("%s is the one thing that it names, with what to do", (_, facts, expected) => {
    const judged = judgeDatabase({ ...good, ...facts });
    expect(bad(judged)).toEqual([expected]);
    expect(judged.find(({ level }) => level !== "ok")!.next).toMatch(/\w/);
  });

  it("says which node has which time zone data; of one that is older than that nothing is known", () => {
    const newer = { ...node, name: "two", timeZones: "2025c" };
    const older = { ...node, name: "old", timeZones: null };
    const judged = judgeDatabase({ ...good, nodes: [node, newer, older] }).filter(({ about }) =>
      /Node|zones/.test(about),
    );
    expect(judged.map(({ found }) => found)).toEqual([
      "one, site default, 4 slots, process 7 on here, tz data 2025b, heard",
      "two, site default, 4 slots, process 7 on here, tz data 2025c, heard",
      "old, site default, 4 slots, process 7 on here, heard",
      expect.stringContaining("2025b on one; 2025c on two;"),
    ]);
    expect(bad(judgeDatabase({ ...good, nodes: [node, older] }))).toEqual([]);
  });

  it("a node that is heard is fine though its process cannot be seen from here", () => {
    expect(bad(judgeDatabase({ ...good, nodes: [{ ...node, isAlive: undefined }] }))).toEqual([]);
  });
});

describe("judging a machine", () => {
  const machine: MachineFacts = {
    ...{ nodeVersion: "v20.19.0", engines: ">=20.19", platform: "linux", arch: "x64", glibc: "2.36" },
    hasDatabase: false,
  };
  it.each<[string, Partial<MachineFacts>, readonly string[]]>([
    ["the oldest that will do", {}, ["Node.js: ok", "System: ok"]],
    ["a newer Node.js", { nodeVersion: "v22.3.0" }, ["Node.js: ok", "System: ok"]],
    ["an old Node.js", { nodeVersion: "v20.9.9" }, ["Node.js: problem", "System: ok"]],
    ["musl", { glibc: undefined }, ["Node.js: ok", "System: problem"]],
    ["musl with a database", { glibc: undefined, hasDatabase: true }, ["Node.js: ok", "System: ok"]],
    ["Windows", { platform: "win32", glibc: undefined }, ["Node.js: ok", "System: problem"]],
    ["macOS", { platform: "darwin", glibc: undefined }, ["Node.js: ok", "System: ok"]],
  ])("%s", (_, facts, expected) => {
    expect(levelsOf(judgeMachine({ ...machine, ...facts }))).toEqual(expected);
  });

  const directory: DirectoryFacts = {
    ...{ dataDir: "/d", exists: true, owner: "ada", isOwn: true, network: undefined, freeBytes: 5e9, major: 18 },
    holds: "database",
  };
  it.each<[Finding["level"], Partial<DirectoryFacts>]>([
    ["ok", {}],
    ["problem", { isOwn: false }],
    ["problem", { network: "NFS" }],
    ["problem", { holds: "foreign" }],
    ["problem", { freeBytes: 1e6 }],
    ["warning", { freeBytes: 1e9 }],
  ])("a data directory is %s: %j", (level, facts) => {
    expect(judgeDirectory({ ...directory, ...facts }).level).toBe(level);
  });

  const server = {
    ...{ dataDir: "/d", version: undefined, pid: 5, url: undefined, staysRunning: false, userPids: [] },
    ...{ openerPid: undefined, logFile: "/d/server.log" },
  };
  it.each([
    ["absent", "ok"],
    ["stopped", "ok"],
    ["running", "ok"],
    ["starting_or_stopping", "warning"],
    ["unclear", "problem"],
  ] as const)("a private server that is %s is %s", (state, level) => {
    expect(judgeServer({ ...server, state }).level).toBe(level);
  });

  it("little room for workspaces is a warning, none a problem", () => {
    expect([3e9, 1e9, 1e6].map((bytes) => judgeFree("/tmp", bytes).level)).toEqual(["ok", "warning", "problem"]);
  });

  it("an ffmpeg is judged by where it comes from and what it was built with", () => {
    const ffmpeg: Ffmpeg = {
      ...{ path: "/usr/bin/ffmpeg", version: "5.1", source: "bundled", filters: new Set<string>() },
      ...{ encoders: new Set(["aac"]) },
    };
    const [first, ffprobe, presets] = judgeFfmpeg(ffmpeg);
    expect([first, ffprobe, presets].map((finding) => finding!.level)).toEqual(["warning", "warning", "warning"]);
    expect(presets!.found).toContain("h264-1080p (libx264)");
    expect(presets!.found).not.toContain("aac (");
    expect(judgeFfmpeg(undefined)).toMatchObject([{ level: "warning", next: expect.stringContaining("Install") }]);
  });
});

describe("callsheet doctor", () => {
  let own: string;
  beforeAll(async () => {
    own = await makeTemporaryDirectory();
  });
  afterAll(() => removeTemporary(own));
  const doctor = async (variables: NodeJS.ProcessEnv, ...args: readonly string[]) => {
    const { exitCode, stdout } = await callsheetWith(variables, "doctor", "--jsonl", ...args).ended;
    const report = JSON.parse(stdout) as { problems: number; warnings: number; findings: readonly Finding[] };
    const about = (name: string) => report.findings.find((finding) => finding.about === name);
    return { exitCode, report, about };
  };

  it("looks at a machine without a database: nothing is started or made, and all is well", async () => {
    const dataDir = join(own, "none");
    const { exitCode, report, about } = await doctor({}, "--data-dir", dataDir);
    expect({ exitCode, problems: report.problems }).toEqual({ exitCode: 0, problems: 0 });
    expect(levelsOf(report.findings)).toEqual(
      expect.arrayContaining([
        "Node.js: ok",
        "PostgreSQL: ok",
        "Data directory: ok",
        "Private server: ok",
        "Workspaces: ok",
      ]),
    );
    expect(about("Database")).toBeUndefined();
    await expect(lstat(dataDir)).rejects.toThrow("ENOENT");
  });

  it("prints a line for each with what to do below it, and what the sum is", async () => {
    const { exitCode, stdout } = await callsheetWith({ TMPDIR: join(own, "gone") }, "doctor", "--data-dir", own).ended;
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^problem {2}Workspaces +\S+ cannot be written\n +→ Set TMPDIR to a directory that can\.$/m);
    expect(stdout).toMatch(/\n1 problem, \d warnings?\.\n$/);
  });

  it("looks at the database of DATABASE_URL, and into it", async () => {
    await using database = await openTestDatabase();
    const { exitCode, report, about } = await doctor({ DATABASE_URL: database.url });
    // The server of the tests may be one that does not wait for the disk, and doctor says so.
    const { rows } = await database.db.query<{ fsync: string }>({ text: "show fsync", values: [] });
    const problems = rows[0]?.fsync === "on" ? 0 : 1;
    expect({ exitCode, problems: report.problems }).toEqual({ exitCode: problems, problems });
    expect(about("Database")!.found).toContain(`database ${database.name}, UTF8`);
    expect(levelsOf(report.findings)).toEqual(
      expect.arrayContaining([
        `Durability: ${problems === 0 ? "ok" : "problem"}`,
        "Clock: ok",
        "Schema: ok",
        "Nodes: warning",
      ]),
    );
    expect(about("PostgreSQL")).toBeUndefined();
  });

  it("a database that cannot be reached, an ffmpeg that does not run, roots that are not there are problems: 1", async () => {
    const notDirectory = join(own, "file");
    await writeFile(notDirectory, "");
    await chmod(notDirectory, 0o644);
    await mkdir(join(own, "media"));
    const { exitCode, report, about } = await doctor({
      DATABASE_URL: "postgres://ada:secret@127.0.0.1:1/none",
      CALLSHEET_FFMPEG: notDirectory,
      CALLSHEET_MEDIA_ROOTS: `${join(own, "media")}:${join(own, "gone")}`,
      CALLSHEET_OUTPUT_ROOTS: notDirectory,
    });
    expect({ exitCode, problems: report.problems }).toEqual({ exitCode: 1, problems: 4 });
    expect(about("Database")!.found).toContain("(database_lost)");
    expect(about("ffmpeg")!.found).toContain("(ffmpeg_missing)");
    expect(report.findings.filter((finding) => finding.about === "Media root").map(({ level }) => level)).toEqual([
      "ok",
      "problem",
    ]);
    expect(about("Output root")).toMatchObject({ level: "problem", found: `${notDirectory} is no directory` });
    expect(JSON.stringify(report)).not.toContain("secret");
  });
});
