import { describe, expect, it } from "vitest";
import { explainFailure, orderInstalled, parseVersion } from "../src/binaries.ts";
import { cacheDirectory } from "../src/cache.ts";
import { initdbArguments } from "../src/directory.ts";
import { mountOf, networkFileSystem, parseMounts } from "../src/filesystem.ts";
import { mayPass } from "../src/home.ts";
import { isPassing, reasonFromLog } from "../src/launch.ts";
import { linksFor, shorterNames } from "../src/links.ts";
import { addressOf } from "../src/observe.ts";
import { parsePostmasterFile } from "../src/postmaster-file.ts";
import { judgeLiveness, parseProcStat } from "../src/process-identity.ts";
import { clusterName, judgeProcess } from "../src/processes.ts";
import { configurationFile, tunedSettings } from "../src/settings.ts";
import { fitsSocket, longestSocketPath } from "../src/socket.ts";

describe("links of libraries", () => {
  it.each([
    ["libicuuc.so.60.2", ["libicuuc.so", "libicuuc.so.60"]],
    ["libpq.so.5", ["libpq.so"]],
    ["libicuuc.68.2.dylib", ["libicuuc.dylib", "libicuuc.68.dylib"]],
    ["libpq.dylib", []],
    ["libx.so", []],
    ["readme.txt", []],
  ])("%s is looked for by %j", (name, names) => {
    expect(shorterNames(name)).toEqual(names);
  });

  it("come from the package's list and from the names, never over a file and never out of the package", () => {
    const declared = [
      { source: "native/lib/liba.so.1.2", target: "native/lib/liba.so.1" },
      { source: "native/lib/evil", target: "native/../../../etc/passwd" },
      { source: "native/lib/evil", target: "/etc/passwd" },
      { nonsense: true },
    ];
    expect(linksFor(["liba.so.1.2", "libb.so.3", "libb.so", "libc.so.1", "libc.so.10"], declared)).toEqual([
      { path: "lib/liba.so.1", target: "liba.so.1.2" },
      { path: "lib/libc.so", target: "libc.so.10" },
      { path: "lib/liba.so", target: "liba.so.1.2" },
    ]);
    expect(linksFor(["libb.so.3.1"], "not a list").map((link) => link.path)).toEqual(["lib/libb.so", "lib/libb.so.3"]);
  });
});

describe("versions and binaries", () => {
  it.each([
    ["postgres (PostgreSQL) 18.4", "18.4"],
    ["postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"],
    ["postgres (PostgreSQL) 19beta1", "19beta1"],
    ["postgres (MySQL) 8", undefined],
  ])("%s is version %s", (output, version) => {
    expect(parseVersion(output)).toBe(version);
  });

  it("takes the newest installed one for a new directory, and only the same major for an old one", () => {
    const found = [14, 15, 17, 16].map((major) => ({ bin: `/${major}`, major }));
    expect(orderInstalled(found, undefined).map((one) => one.major)).toEqual([17, 16, 15]);
    expect(orderInstalled(found, 16).map((one) => one.major)).toEqual([16]);
    expect(orderInstalled(found, 14)).toEqual([]);
  });

  const system = { hasGlibc: true, isNoexec: false, user: "nobody" };
  it.each([
    [{ refusal: "EACCES" }, { ...system, isNoexec: true }, "its file system is mounted noexec"],
    [{ refusal: "EACCES" }, system, "nobody may not execute it"],
    [{ refusal: "ENOENT" }, { ...system, hasGlibc: false }, "this system uses musl"],
    [{ refusal: "ENOENT" }, system, "the program is not there"],
    [{ refusal: "ENOEXEC" }, system, "another kind of machine"],
    [{ refusal: "EPERM" }, system, "refuses to run a program as nobody"],
    [{ output: "x: error while loading: ELF load command address/offset not page-aligned" }, system, "page size"],
    [{ output: "/lib/libc.so.6: version `GLIBC_2.34' not found" }, system, "C library of this system is too old"],
    [{ output: "libicui18n.so.60: cannot open shared object file" }, system, "the library libicui18n.so.60 is missing"],
    [{ output: "something else\nmore" }, system, "something else"],
    [{}, system, "it ended with code 3"],
  ])("%j is explained", (result, facts, words) => {
    expect(explainFailure({ code: 3, output: "", refusal: undefined, ...result }, facts)).toContain(words);
  });

  it("uses PostgreSQL's own C.UTF-8 from 17 on, and the C library's before", () => {
    expect(initdbArguments("/d", "/p", 18)).toContain("--builtin-locale=C.UTF-8");
    expect(initdbArguments("/d", "/p", 16)).toContain("--locale=C.UTF-8");
    expect(initdbArguments("/d", "/p", 16).join()).not.toContain("builtin");
  });

  it("keeps its copies where CALLSHEET_CACHE_DIR says", () => {
    expect(cacheDirectory({ CALLSHEET_CACHE_DIR: "/somewhere" })).toBe("/somewhere");
  });
});

describe("places", () => {
  it.each([
    [0x6969, undefined, "NFS"],
    [0xff534d42, undefined, "CIFS"],
    // The same, as a signed number.
    [0xff534d42 | 0, undefined, "CIFS"],
    [0x47504653, "gpfs", "GPFS"],
    [0x65735546, "fuse.sshfs", "fuse.sshfs"],
    [0x65735546, "fuse.mergerfs", undefined],
    [0xef53, "ext4", undefined],
    [0x01021994, "tmpfs", undefined],
  ])("type %i mounted as %s is %s", (type, mounted, name) => {
    expect(networkFileSystem(type, mounted)).toBe(name);
  });

  it("finds the innermost mount, the last of several at one place, with spaces in its name", () => {
    const mounts = parseMounts(
      "a / ext4 rw 0 0\nb /mnt/my\\040disk xfs rw,noexec 0 0\nc /mnt ext4 rw 0 0\nd /mnt tmpfs rw 0 0\n",
    );
    expect(mountOf(mounts, "/mnt/my disk/data")).toMatchObject({ type: "xfs", options: ["rw", "noexec"] });
    expect(mountOf(mounts, "/mnt/other")?.type).toBe("tmpfs");
    expect(mountOf(mounts, "/mntx")?.type).toBe("ext4");
  });

  it.each([
    [0o711, { uid: 5, gid: 5 }, true],
    [0o700, { uid: 5, gid: 5 }, false],
    [0o700, { uid: 1, gid: 5 }, true],
    [0o077, { uid: 1, gid: 5 }, false],
    [0o710, { uid: 5, gid: 2 }, true],
    [0o701, { uid: 5, gid: 2 }, false],
  ])("mode %o lets %j pass: %s", (mode, user, may) => {
    expect(mayPass({ mode, uid: 1, gid: 2 }, user)).toBe(may);
  });

  it("knows how long the path of a socket may be, in bytes", () => {
    const tail = Buffer.byteLength("/.s.PGSQL.5432");
    expect(longestSocketPath("linux")).toBe(107);
    expect(fitsSocket(`/${"x".repeat(106 - tail)}`, "linux")).toBe(true);
    expect(fitsSocket(`/${"x".repeat(107 - tail)}`, "linux")).toBe(false);
    expect(fitsSocket(`/${"x".repeat(103 - tail)}`, "darwin")).toBe(false);
    expect(fitsSocket(`/${"ä".repeat(50)}`, "linux")).toBe(false);
    expect(fitsSocket("/a,b", "linux")).toBe(false);
  });
});

describe("the server's own files", () => {
  it("postmaster.pid is read line by line, also while it is being written", () => {
    const text = "4711\n/data/pg\n1700000000\n5432\n/run\n\n  123  456\nready   \n";
    const file = parsePostmasterFile(text);
    expect(file).toEqual({
      ...{ pid: 4711, dataDirectory: "/data/pg", startedAtSeconds: 1_700_000_000, port: 5432 },
      ...{ socketDirectory: "/run", address: "", status: "ready" },
    });
    expect(file && addressOf(file)).toEqual({ host: "/run", port: 5432 });
    expect(parsePostmasterFile("-4711\n/data/pg\n1\n")).toMatchObject({ pid: 4711, port: 0, status: "" });
    expect(parsePostmasterFile("")).toBeUndefined();
    expect(parsePostmasterFile("garbage")).toBeUndefined();
  });

  it("has no address until it listens, and a TCP one without a socket", () => {
    const file = {
      pid: 1,
      dataDirectory: "",
      startedAtSeconds: 0,
      port: 0,
      socketDirectory: "",
      address: "",
      status: "",
    };
    expect(addressOf(file)).toBeUndefined();
    expect(addressOf({ ...file, port: 5, address: "127.0.0.1" })).toEqual({ host: "127.0.0.1", port: 5 });
    expect(addressOf({ ...file, port: 5, address: "*" })).toEqual({ host: "127.0.0.1", port: 5 });
  });

  it("gives the last fatal line of its log as the reason", () => {
    const log = "x [1] LOG:  hello\nx [1] FATAL:  could not write: No space left on device\nx [1] LOG:  bye\n";
    expect(reasonFromLog(log)).toBe("could not write: No space left on device");
    expect(reasonFromLog("postgres: not found\n")).toBe("postgres: not found");
  });

  it.each([
    ['lock file "postmaster.pid" already exists', true],
    ["pre-existing shared memory block (key 1, ID 2) is still in use", true],
    ["could not write: No space left on device", false],
  ])("%s passes by waiting: %s", (reason, passing) => {
    expect(isPassing(reason)).toBe(passing);
  });

  it("scales its memory with the machine, within bounds, and quotes values", () => {
    const buffers = (gigabytes: number) => tunedSettings(gigabytes * 2 ** 30).shared_buffers;
    expect([0.05, 1, 2, 64].map(buffers)).toEqual(["32MB", "256MB", "512MB", "1024MB"]);
    expect(configurationFile("/d'ata/pg", { name: "it's" })).toMatch(
      /include_if_exists '\/d''ata\/pg\/postgresql.conf'\nname = 'it''s'\n/,
    );
  });
});

describe("processes", () => {
  const here = { bootId: "boot", namespace: "ns" };
  const identity = { pid: 7, startTime: "100", random: "r", ...here };
  it.each([
    [{}, { startTime: "100" }, "live"],
    [{}, { startTime: "200" }, "dead"],
    [{}, "none", "dead"],
    [{}, "hidden", "unknown"],
    [{ bootId: "earlier" }, { startTime: "100" }, "dead"],
    [{ namespace: "another" }, "none", "unknown"],
  ] as const)("identity %j seen as %j is %s", (change, state, liveness) => {
    expect(judgeLiveness({ ...identity, ...change }, here, state)).toBe(liveness);
  });

  it("finds the start time behind any command name, and none for a zombie", () => {
    const fields = `1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 987654 1 2`;
    expect(parseProcStat(`12 (a) b (c) S ${fields}`)).toBe("987654");
    expect(parseProcStat(`12 (a) Z ${fields}`)).toBeUndefined();
  });

  const cluster = "/data/pg";
  const title = `postgres: ${clusterName(cluster)}: checkpointer`;
  it.each([
    [{ directory: cluster, program: "/x/bin/postgres", command: [] }, "ours"],
    [{ directory: cluster, program: "/x/bin/postgres (deleted)", command: [] }, "ours"],
    [{ directory: cluster, program: "/bin/bash", command: [] }, "other"],
    [{ directory: "/", program: "/x/bin/postgres", command: ["/x/bin/postgres", "-D", cluster] }, "ours"],
    [{ directory: "/other/pg", program: "/x/bin/postgres", command: ["postgres", "-D", "/other/pg"] }, "other"],
    [{ directory: "/", program: "/bin/grep", command: ["grep", "-D", cluster] }, "other"],
    [{ command: ["/x/bin/postgres", "-D", cluster, "-c"] }, "ours"],
    [{ command: [title, ""] }, "ours"],
    // Started by hand perhaps, with PGDATA or a relative path: nobody can tell.
    [{ command: ["postgres"] }, "unknown"],
    [{ command: ["postgres: checkpointer "] }, "unknown"],
    [{ command: [] }, "unknown"],
    [{ command: ["node", "x.js"] }, "other"],
  ])("%j is %s", (facts, whose) => {
    expect(judgeProcess({ directory: undefined, program: undefined, ...facts }, cluster)).toBe(whose);
  });
});
