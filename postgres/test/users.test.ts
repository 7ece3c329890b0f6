import { spawn, spawnSync } from "node:child_process";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPrivateServer, serverStatus, startDetached, stopServer } from "../src/index.ts";
import { capLog } from "../src/log-file.ts";
import { readPostmasterFile } from "../src/postmaster-file.ts";
import { pidState } from "../src/process-identity.ts";
import { processesIn } from "../src/processes.ts";
import { makeTemporaryDirectory, openTemporaryServer, removeAbandoned, removeTemporary } from "../src/temporary.ts";
import { openElsewhere, openerOf } from "./opener.ts";
import { temporaryPlace } from "./place.ts";
import { query, refusal } from "./query.ts";

async function serverPid(dataDir: string): Promise<number> {
  const file = await readPostmasterFile(join(dataDir, "pg"));
  if (typeof file !== "object") throw new Error(`no server: ${file}`);
  return file.pid;
}

describe("who uses the server", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  it("adopts the server that a killed engine left, and stops it when the adopter leaves", async () => {
    const dataDir = place.shared();
    const killed = openElsewhere(dataDir, { env: place.env() });
    await killed.saying("opened");
    const pid = await serverPid(dataDir);
    await killed.kill();
    const adopter = await openPrivateServer(place.options(dataDir));
    expect(await serverPid(dataDir)).toBe(pid);
    expect(await query(adopter.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await adopter.close();
    expect(processesIn(join(dataDir, "pg"))).toEqual([]);
  });

  it("does not count a killed user, and counts a living one in another process", async () => {
    const dataDir = place.shared();
    const [killed, living] = [1, 2].map(() => openElsewhere(dataDir, { env: place.env() }));
    await Promise.all([killed?.saying("opened"), living?.saying("opened")]);
    const own = await openPrivateServer(place.options(dataDir));
    await killed?.kill();
    await own.close();
    expect((await serverStatus(dataDir)).userPids).toEqual([living?.pid]);
    living?.tell("close");
    await living?.saying("closed");
    expect(processesIn(join(dataDir, "pg"))).toEqual([]);
  });

  it("is not stopped by the Ctrl-C that stops its engine", async () => {
    const dataDir = place.shared();
    const script = fileURLToPath(new URL("./opener.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, dataDir], { env: place.env(), detached: true, stdio: "pipe" });
    const engine = openerOf(child);
    await engine.saying("opened");
    const pid = await serverPid(dataDir);
    if (child.pid === undefined) throw new Error("the engine was not spawned");
    // A terminal signals the whole group in its foreground.
    process.kill(-child.pid, "SIGINT");
    await engine.ended;
    const next = await openPrivateServer(place.options(dataDir));
    expect(await serverPid(dataDir)).toBe(pid);
    await next.close();
  });

  it("leaves a server running that was started to stay, until it is stopped", async () => {
    const dataDir = place.shared();
    expect(await serverStatus(place.dataDir())).toMatchObject({ state: "absent", userPids: [] });
    const started = await startDetached(place.options(dataDir));
    expect(started).toMatchObject({
      state: "running",
      staysRunning: true,
      userPids: [],
      pid: await serverPid(dataDir),
    });
    expect(await query(started.url ?? "", "select 1 as one")).toEqual([{ one: 1 }]);
    await (await openPrivateServer(place.options(dataDir))).close();
    expect(await serverPid(dataDir)).toBe(started.pid);
    expect(await stopServer(dataDir)).toBe("stopped");
    expect(await serverStatus(dataDir)).toMatchObject({ state: "stopped", staysRunning: false, url: undefined });
    expect(await stopServer(dataDir)).toBe("not_running");
    // The wish went with that server: the next one leaves with its last user again.
    await (await openPrivateServer(place.options(dataDir))).close();
    expect(processesIn(join(dataDir, "pg"))).toEqual([]);
  });

  it("refuses to stop a server in use and names the users, unless told to stop it all the same", async () => {
    const dataDir = place.shared();
    const user = openElsewhere(dataDir, { env: place.env() });
    await user.saying("opened");
    const refused = await refusal(stopServer(dataDir));
    expect(refused.code).toBe("server_in_use");
    expect(refused.message).toContain(String(user.pid));
    expect(await serverStatus(dataDir)).toMatchObject({ state: "running", userPids: [user.pid] });
    expect(await stopServer(dataDir, { whenUsed: "stop" })).toBe("stopped");
    user.tell("close");
    await user.saying("closed");
  });

  it("stops nothing and makes nothing where no server ever was", async () => {
    const nowhere = place.dataDir();
    expect(await stopServer(nowhere)).toBe("not_running");
    await mkdir(nowhere);
    expect(await stopServer(nowhere)).toBe("not_running");
    expect(await readdir(nowhere)).toEqual([]);
  });

  it("keeps the log below its cap while the server goes on writing to it", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const log = join(server.dataDir, "server.log");
    for (let i = 0; i < 20; i += 1) await query(server.url, "select nonsense").catch(() => undefined);
    expect((await stat(log)).size).toBeGreaterThan(500);
    await capLog(log, 500);
    expect((await stat(log)).size).toBe(0);
    expect((await stat(`${log}.1`)).size).toBeGreaterThan(500);
    await query(server.url, "select nonsense").catch(() => undefined);
    const { size } = await stat(log);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(500);
    await server.close();
  });
});

describe("servers for tests", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  it("vanish with their directory when they are closed", async () => {
    const server = await openTemporaryServer({ env: place.env() });
    // What nobody keeps need not wait for the disk.
    expect(await query(server.url, "show fsync")).toEqual([{ fsync: "off" }]);
    await server.close();
    await expect(stat(server.dataDir)).rejects.toThrow("ENOENT");
    expect(processesIn(join(server.dataDir, "pg"))).toEqual([]);
  });

  it("of a killed run are stopped and removed by the next run, and those of a living one are not", async () => {
    // The name of a directory says whose it is; one of these gets the name that a process which is gone would have given.
    const mine = await makeTemporaryDirectory();
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    const abandoned = mine.replace(`-${process.pid}-`, `-${gone}-`);
    await mkdir(abandoned);
    const orphan = openElsewhere(join(abandoned, "data"), { env: place.env() });
    await orphan.saying("opened");
    const pid = await serverPid(join(abandoned, "data"));
    await orphan.kill();
    await writeFile(join(abandoned, "note"), "");
    expect(await removeAbandoned()).toEqual([abandoned]);
    await expect(stat(abandoned)).rejects.toThrow("ENOENT");
    expect(pidState(pid)).toBe("none");
    expect((await stat(mine)).isDirectory()).toBe(true);
    await removeTemporary(mine);
  });
});
