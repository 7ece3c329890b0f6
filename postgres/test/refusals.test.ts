import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findBinaries, openPrivateServer } from "../src/index.ts";
import { takeLock } from "../src/lock-file.ts";
import { deadlineIn } from "../src/pause.ts";
import { readPostmasterFile } from "../src/postmaster-file.ts";
import { temporaryPlace } from "./place.ts";
import { query, refusal } from "./query.ts";

const isRoot = process.geteuid?.() === 0;
const DEBIAN_15 = "/usr/lib/postgresql/15/bin";
const NOBODY = 65534;

describe("what is refused", { timeout: 60_000 }, () => {
  const place = temporaryPlace();
  const mounts: string[] = [];

  afterEach(() => {
    for (const directory of mounts.splice(0)) execFileSync("umount", ["-l", directory]);
  });

  async function mountSmall(options: string): Promise<string> {
    const directory = place.dataDir();
    await mkdir(directory, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "callsheet-test", directory]);
    mounts.push(directory);
    return directory;
  }

  const open = (dataDir: string) => refusal(openPrivateServer({ ...place.options(dataDir), timeoutMs: 300 }));

  it("Windows, with the way out", async () => {
    const platform = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    Object.defineProperty(process, "platform", { ...platform, value: "win32" });
    try {
      const refused = await open(place.dataDir());
      expect(refused.code).toBe("platform_unsupported");
      expect(refused.hint).toContain("DATABASE_URL");
    } finally {
      Object.defineProperty(process, "platform", platform);
    }
  });

  it("a place that is no directory", async () => {
    const file = place.dataDir();
    await writeFile(file, "");
    expect(await open(file)).toMatchObject({ code: "data_directory_unwritable" });
    expect(await open(join(file, "deeper"))).toMatchObject({ code: "data_directory_unwritable" });
  });

  it.skipIf(!isRoot)("a directory of another owner, which is not chowned", async () => {
    const dataDir = place.dataDir();
    await mkdir(dataDir);
    await chown(dataDir, NOBODY, NOBODY);
    const refused = await open(dataDir);
    expect(refused.code).toBe("data_directory_foreign");
    expect(refused.message).toContain("belongs to nobody");
    expect(await readdir(dataDir)).toEqual([]);
    expect((await lstat(dataDir)).uid).toBe(NOBODY);
  });

  it.skipIf(!isRoot)("a database directory of another owner, which is not chowned", async () => {
    const cluster = join(place.shared(), "pg");
    await (await openPrivateServer(place.options(place.shared()))).close();
    const { uid, gid } = await lstat(cluster);
    await chown(cluster, 12_345, 12_345);
    const refused = await open(place.shared());
    expect(refused.code).toBe("data_directory_foreign");
    expect(refused.message).toContain("belongs to user 12345");
    expect((await lstat(cluster)).uid).toBe(12_345);
    await chown(cluster, uid, gid);
  });

  it("databases and things that Callsheet did not make, untouched", async () => {
    const itself = place.dataDir();
    await mkdir(itself);
    await writeFile(join(itself, "PG_VERSION"), "15\n");
    expect(await open(itself)).toMatchObject({ code: "data_directory_foreign" });
    expect(await readdir(itself)).toEqual(["PG_VERSION"]);
    for (const [name, words] of [
      ["PG_VERSION", "did not make"],
      ["holiday.jpg", "is not a database"],
    ] as const) {
      const dataDir = place.dataDir();
      await mkdir(join(dataDir, "pg"), { recursive: true });
      await writeFile(join(dataDir, "pg", name), "15\n");
      const refused = await open(dataDir);
      expect(refused.code).toBe("data_directory_foreign");
      expect(refused.message).toContain(words);
      expect(await readdir(join(dataDir, "pg"))).toEqual([name]);
    }
  });

  it("a server on our directory that does not know our password, named by its pid", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const path = join(server.dataDir, "pg/callsheet.secrets.json");
    const secrets = JSON.parse(await readFile(path, "utf8"));
    const superuser = { ...server.connection, user: "postgres", password: secrets.superuserPassword };
    await query(superuser, "alter role postgres password 'changed'");
    const { pid } = (await readPostmasterFile(join(server.dataDir, "pg"))) as { pid: number };
    const refused = await open(server.dataDir);
    expect(refused.code).toBe("data_directory_in_use");
    expect(refused.message).toContain(`process ${pid}`);
    await query({ ...superuser, password: "changed" }, `alter role postgres password '${secrets.superuserPassword}'`);
    await server.close();
  });

  it("a directory that another process is just opening, named by its pid", async () => {
    const dataDir = place.dataDir();
    await mkdir(dataDir);
    const lock = await takeLock(join(dataDir, "lock"), deadlineIn(1000));
    const refused = await open(dataDir);
    expect(refused.code).toBe("data_directory_in_use");
    expect(refused.message).toContain(`Process ${process.pid} `);
    await lock.release();
  });

  it.skipIf(!isRoot)("a place that the server's user cannot reach", async () => {
    const closed = place.dataDir();
    await mkdir(closed);
    await chmod(closed, 0o700);
    const refused = await open(join(closed, "inside"));
    expect(refused.code).toBe("data_directory_unreachable");
    expect(refused.message).toContain(closed);
  });

  it.skipIf(!isRoot)("a full disk, leaving nothing half made, and starting once there is room", async () => {
    const small = await mountSmall("size=20m,mode=755");
    const refused = await open(small);
    expect(refused.code).toBe("initdb_failed");
    expect(refused.hint).toContain("Free space");
    expect((await readdir(small)).filter((name) => name.startsWith("pg"))).toEqual([]);
    execFileSync("mount", ["-o", "remount,size=300m", small]);
    const server = await openPrivateServer(place.options(small));
    await query(server.url, "create table kept as select 1 as one");
    await server.close();

    spawnSync("dd", ["if=/dev/zero", `of=${small}/filling`, "bs=64k"]);
    spawnSync("dd", ["if=/dev/zero", `of=${small}/filling`, "bs=1", "oflag=append", "conv=notrunc"]);
    const later = await open(small);
    expect(later.code).toBe("data_directory_unwritable");
    expect(later.message).toContain("is full");
    await rm(join(small, "filling"));
    const again = await openPrivateServer(place.options(small));
    expect(await query(again.url, "select one from kept")).toEqual([{ one: 1 }]);
    await again.close();
  });

  it.skipIf(!isRoot)("a socket that somebody else made in our server's place: it is never asked", async () => {
    const { dataDir } = await openPrivateServer(place.options(place.shared())).then(async (server) => {
      await server.close();
      return server;
    });
    const sockets = place.dataDir();
    await mkdir(sockets);
    let calls = 0;
    const impostor = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => impostor.listen(join(sockets, ".s.PGSQL.5432"), resolve));
    const path = join(dataDir, "pg/postmaster.pid");
    await writeFile(path, `${2 ** 22 + 1}\n${dataDir}/pg\n1\n5432\n${sockets}\n\n1 1\nready\n`);
    const server = await openPrivateServer(place.options(place.shared()));
    expect(server.connection.host).not.toBe(sockets);
    await server.close();
    impostor.close();
    expect(calls).toBe(0);
  });

  it("binaries that are not there, too old, or of another version than the directory", async () => {
    const missing = findBinaries({ env: {}, binDir: "/nowhere/bin" });
    expect(await refusal(missing)).toMatchObject({ code: "postgres_unusable" });
    const bin = join(place.dataDir(), "bin");
    await mkdir(bin, { recursive: true });
    for (const name of ["postgres", "initdb"]) {
      await writeFile(join(bin, name), `#!/bin/sh\necho "${name} (PostgreSQL) 14.9"\n`, { mode: 0o755 });
    }
    const old = await refusal(findBinaries({ env: { CALLSHEET_POSTGRES_BIN: bin } }));
    expect(old.code).toBe("postgres_version_unsupported");
    expect(old.message).toContain("14.9, but 15 or newer is needed");
    const none = await refusal(findBinaries({ env: place.env(), major: 97 }));
    expect(none.code).toBe("postgres_not_found");
    expect(none.message).toContain("PostgreSQL 97");
    expect(none.hint).toContain("DATABASE_URL");
  });

  it.skipIf(!isRoot)("binaries on a file system that is mounted noexec, with the reason", async () => {
    const cache = await mountSmall("size=100m,mode=755,noexec");
    const refused = await refusal(findBinaries({ env: { CALLSHEET_CACHE_DIR: cache }, major: 18 }));
    expect(refused.code).toBe("postgres_not_found");
    expect(refused.message).toContain("mounted noexec");
    // For a new directory an installed one of another version does as well.
    const fresh = findBinaries({ env: { CALLSHEET_CACHE_DIR: cache } });
    if (existsSync(DEBIAN_15)) expect(await fresh).toMatchObject({ origin: "installed" });
    else expect((await refusal(fresh)).code).toBe("postgres_not_found");
    expect(await readdir(cache)).toEqual([]);
  });

  it("a copy of the binaries that was damaged is kept aside and made again", async () => {
    const env = { CALLSHEET_CACHE_DIR: place.dataDir() };
    const first = await findBinaries({ env });
    expect(first).toMatchObject({ origin: "package", major: 18 });
    await rename(join(first.bin, "initdb"), join(first.bin, "lost"));
    expect(await findBinaries({ env })).toEqual(first);
    expect(existsSync(join(first.bin, "initdb"))).toBe(true);
    const [copy, damaged, ...more] = (await readdir(env.CALLSHEET_CACHE_DIR)).sort();
    expect(damaged).toMatch(`${copy}.damaged-`);
    expect(more).toEqual([]);
  });

  it.skipIf(!existsSync(DEBIAN_15))(
    "serves a directory of 15 by an installed 15, and by no other version",
    async () => {
      const options = place.options();
      const made = await openPrivateServer({ ...options, env: { ...options.env, CALLSHEET_POSTGRES_BIN: DEBIAN_15 } });
      expect(made.version).toMatch(/^15\./);
      const [facts] = await query(
        made.url,
        "select datcollate as c, pg_encoding_to_char(encoding) as e from pg_database where datname = 'callsheet'",
      );
      expect(facts).toEqual({ c: "C.UTF-8", e: "UTF8" });
      await made.close();
      const chosen = await openPrivateServer(options);
      expect(chosen.version).toBe(made.version);
      await chosen.close();
      const { bin } = await findBinaries({ env: place.env() });
      const refused = await refusal(openPrivateServer({ ...options, binDir: bin }));
      expect(refused.code).toBe("postgres_version_unsupported");
      expect(refused.message).toContain("this data directory is of 15");
    },
  );
});
