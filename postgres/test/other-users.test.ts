import { spawn, spawnSync } from "node:child_process";
import { chown, lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPrivateServer, serverStatus } from "../src/index.ts";
import { ownIdentity } from "../src/process-identity.ts";
import { processesIn } from "../src/processes.ts";
import { openElsewhere, openerOf } from "./opener.ts";
import { temporaryPlace } from "./place.ts";
import { query } from "./query.ts";

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65534;
const OPENER = fileURLToPath(new URL("./opener.mjs", import.meta.url));

/** Whether a command that changes what root may do works here at all. */
function works(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return isRoot && spawnSync(program, [...args, "true"]).status === 0;
}

/** Whether an ordinary user can read the built files; not when the checkout lies in root's home. */
function isReadable(): boolean {
  const tried = spawnSync(process.execPath, ["-e", `fs.readFileSync(${JSON.stringify(OPENER)})`], {
    uid: NOBODY,
    gid: NOBODY,
  });
  return tried.status === 0;
}

describe.skipIf(!isRoot || !isReadable())("other users", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  async function ownedBy(uid: number): Promise<string> {
    const directory = place.dataDir();
    await mkdir(directory);
    await chown(directory, uid, uid);
    return directory;
  }

  function openUnder(command: readonly string[], dataDir: string, more: NodeJS.ProcessEnv = {}) {
    const [program = "", ...args] = command;
    const child = spawn(program, [...args, process.execPath, OPENER, dataDir, "30000"], {
      env: { ...place.env(), ...more },
      stdio: ["pipe", "pipe", "inherit"],
    });
    return openerOf(child);
  }

  it("an ordinary user runs the server as itself, in directories of its own", async () => {
    const base = await ownedBy(NOBODY);
    const env = { ...process.env, CALLSHEET_CACHE_DIR: join(base, "cache") };
    const opener = openElsewhere(join(base, "data"), { env, uid: NOBODY });
    const { url } = await opener.saying("opened");
    expect(await query(String(url), "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await lstat(join(base, "data/pg"))).uid).toBe(NOBODY);
    expect((await lstat(join(base, "data"))).mode & 0o777).toBe(0o700);
    opener.tell("close");
    await opener.saying("closed");
    expect(processesIn(join(base, "data/pg"))).toEqual([]);
  });

  it("a user without a passwd entry is refused in one sentence", async () => {
    const base = await ownedBy(12_345);
    const opener = openElsewhere(join(base, "data"), { env: place.env(), uid: 12_345 });
    const refused = await opener.saying("code");
    expect(refused).toMatchObject({ code: "no_passwd_entry" });
    expect(String(refused.message)).toContain("User 12345 has no entry");
    await opener.ended;
  });

  const withoutSetuid = ["setpriv", "--bounding-set", "-setuid,-setgid"];
  it.skipIf(!works(withoutSetuid))("root that may not change its user is refused in one sentence", async () => {
    const opener = openUnder(withoutSetuid, place.dataDir());
    expect(await opener.saying("code")).toMatchObject({ code: "setuid_refused" });
    await opener.ended;
  });

  const onlyRootMapped = ["unshare", "--user", "--map-root-user"];
  it.skipIf(!works(onlyRootMapped))("root of a namespace with no other user is refused in one sentence", async () => {
    const opener = openUnder(onlyRootMapped, place.dataDir());
    const refused = await opener.saying("code");
    expect(refused).toMatchObject({ code: "setuid_refused" });
    expect(String(refused.message)).toContain("only user 0 exists");
    await opener.ended;
  });

  const asInContainers = ["setpriv", "--bounding-set", "-sys_ptrace"];
  it.skipIf(!works(asInContainers))(
    "root that may not look into processes, as in containers, still shares and stops",
    async () => {
      const dataDir = place.shared();
      const own = await openPrivateServer(place.options(dataDir));
      const opener = openUnder(asInContainers, dataDir);
      expect(await opener.saying("opened")).toMatchObject({ url: own.url });
      await own.close();
      expect(await query(own.url, "select 1 as one")).toEqual([{ one: 1 }]);
      opener.tell("close");
      await opener.saying("closed");
      expect(processesIn(join(dataDir, "pg"))).toEqual([]);
    },
  );

  const ownPids = ["unshare", "--pid", "--fork", "--mount-proc"];
  it.skipIf(!works(ownPids))(
    "a process of another pid namespace adopts the server and leaves it to its users",
    async () => {
      const dataDir = place.shared();
      const own = await openPrivateServer(place.options(dataDir));
      const opener = openUnder(ownPids, dataDir);
      expect(await opener.saying("opened")).toMatchObject({ url: own.url });
      opener.tell("close");
      await opener.saying("closed");
      expect(await query(own.url, "select 1 as one")).toEqual([{ one: 1 }]);
      await own.close();
      expect(processesIn(join(dataDir, "pg"))).toEqual([]);
    },
  );

  it("root with a umask that closes everything still makes what the server's user needs", async () => {
    const base = place.dataDir();
    const closed = ["sh", "-c", 'umask 077; exec "$@"', "sh"];
    const opener = openUnder(closed, join(base, "data"), { CALLSHEET_CACHE_DIR: join(base, "cache") });
    await opener.saying("opened");
    opener.tell("close");
    await opener.saying("closed");
  });

  it("a user in a container that is gone does not keep the next container's server running", async () => {
    const dataDir = place.shared();
    const gone = { ...ownIdentity(), namespace: "pid:[1]" };
    await writeFile(join(dataDir, "users", "1-gone"), JSON.stringify(gone));
    const server = await openPrivateServer(place.options(dataDir));
    expect((await serverStatus(dataDir)).userPids).toEqual([process.pid]);
    await server.close();
    expect(processesIn(join(dataDir, "pg"))).toEqual([]);
  });
});
