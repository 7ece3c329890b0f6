import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPrivateServer } from "../src/index.ts";
import { readPostmasterFile } from "../src/postmaster-file.ts";
import { processesIn } from "../src/processes.ts";
import { type Opener, openerOf } from "./opener.ts";
import { temporaryPlace } from "./place.ts";
import { query } from "./query.ts";

const ROUNDS = Number(process.env.CALLSHEET_CRASH_ROUNDS ?? 3);
const OPENER = fileURLToPath(new URL("./opener.mjs", import.meta.url));
/** An engine that is the leader of its own process group, so that its children can be killed with it. */
function engine(dataDir: string, env: NodeJS.ProcessEnv): { group: number; opener: Opener } {
  const child = spawn(process.execPath, [OPENER, dataDir], { env, detached: true, stdio: ["pipe", "pipe", "inherit"] });
  if (child.pid === undefined) throw new Error("the engine could not be spawned");
  const opener = openerOf(child);
  opener.saying("opened").then(
    () => opener.tell("insert"),
    () => undefined,
  );
  return { group: child.pid, opener };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Every process that works somewhere under a directory: servers, and what initdb runs. */
function processesUnder(directory: string): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`);
    } catch {
      return false;
    }
  });
}

async function unfinished(dataDir: string): Promise<readonly string[]> {
  return (await readdir(dataDir)).filter((name) => name.startsWith("pg.new"));
}

const TARGETS = ["everything", "engine", "postmaster", "everything"] as const;

async function strike(target: (typeof TARGETS)[number], pid: number, dataDir: string): Promise<void> {
  const file = existsSync(join(dataDir, "pg")) ? await readPostmasterFile(join(dataDir, "pg")) : "absent";
  if (target !== "engine" && typeof file === "object") kill(file.pid);
  if (target === "postmaster") return;
  kill(target === "engine" ? pid : -pid);
  if (target === "everything") for (const one of processesUnder(dataDir)) kill(one);
}

function acknowledged(opener: Opener): number {
  return Math.max(0, ...opener.said.map((one) => Number(one.acknowledged ?? 0)));
}

describe("kill -9", { timeout: 60_000 + ROUNDS * 15_000 }, () => {
  const place = temporaryPlace();

  it(`at ${ROUNDS} moments of the first start and the first writes: the next start works and nothing acknowledged is lost`, async () => {
    // One start undisturbed says over what time the rounds are to be spread: all of it, and the first writes.
    const calm = performance.now();
    await (await openPrivateServer(place.options(place.shared()))).close();
    const windowMs = 1.4 * (performance.now() - calm);
    const starts: number[] = [];
    let struckBeforeOpen = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const dataDir = place.dataDir();
      const { group, opener } = engine(dataDir, place.env());
      const momentMs = ((round + Math.random()) / ROUNDS) * windowMs;
      const target = TARGETS[round % TARGETS.length] ?? "everything";
      await new Promise((resolve) => setTimeout(resolve, momentMs));
      if (!opener.said.some((one) => "opened" in one)) struckBeforeOpen += 1;
      if (opener.hasEnded()) throw new Error(`the engine ended by itself: ${JSON.stringify(opener.said)}`);
      await strike(target, group, dataDir);
      if (target !== "postmaster") await opener.ended;

      const began = performance.now();
      const server = await openPrivateServer(place.options(dataDir));
      starts.push(performance.now() - began);
      const where = `round ${round}, ${target} killed after ${Math.round(momentMs)} ms`;
      const known = acknowledged(opener);
      if (known > 0) {
        const [row] = await query<{ count: number }>(
          server.url,
          "select count(*)::int from acknowledged where id <= $1",
          [known],
        );
        expect(row?.count, where).toBe(known);
      }
      kill(-group);
      await opener.ended;
      await server.close();
      expect(processesIn(join(dataDir, "pg")), where).toEqual([]);
      // An initdb whose engine was killed goes on for a moment; the next use removes what it made.
      while (processesUnder(dataDir).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      if ((await unfinished(dataDir)).length > 0) await (await openPrivateServer(place.options(dataDir))).close();
      expect(await unfinished(dataDir), where).toEqual([]);
      execFileSync("rm", ["-rf", dataDir]);
    }
    const slowest = Math.round(Math.max(...starts));
    const median = Math.round(starts.sort((a, b) => a - b)[Math.floor(starts.length / 2)] ?? 0);
    console.log(
      `${ROUNDS} rounds, ${struckBeforeOpen} struck before the first start was done; next start ${median} ms, at most ${slowest} ms`,
    );
  });

  it("of everything while rows are written, again and again in one directory: no acknowledged row is lost", async () => {
    const dataDir = place.shared();
    let known = 0;
    for (let round = 0; round < Math.max(2, Math.ceil(ROUNDS / 4)); round += 1) {
      const { group, opener } = engine(dataDir, place.env());
      await opener.saying("acknowledged");
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 200));
      await strike("everything", group, dataDir);
      await opener.ended;
      known = Math.max(known, acknowledged(opener));
      const server = await openPrivateServer(place.options(dataDir));
      const [row] = await query<{ count: number }>(
        server.url,
        "select count(*)::int from acknowledged where id <= $1",
        [known],
      );
      expect(row?.count).toBe(known);
      await server.close();
    }
    expect(known).toBeGreaterThan(1);
  });

  it("of the postmaster while a child of it is busy: the next start waits for the child and then serves", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const busy = query(
      server.url,
      "do $$ declare until timestamptz := clock_timestamp() + interval '1.5 s'; n int := 0; begin while clock_timestamp() < until loop n := n + 1; end loop; end $$",
    ).catch(() => undefined);
    const cluster = join(server.dataDir, "pg");
    const [row] = await query<{ pid: number }>(
      server.url,
      "select pid from pg_stat_activity where query like 'do %' and pid <> pg_backend_pid()",
    );
    const { pid } = (await readPostmasterFile(cluster)) as { pid: number };
    kill(pid);
    const next = await openPrivateServer(place.options(place.shared()));
    expect(processesIn(cluster)).not.toContain(row?.pid);
    expect(await query(next.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await busy;
    await next.close();
    await server.close();
  });

  it("of a server whose pid another process has by now: the next start is not fooled", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const cluster = join(server.dataDir, "pg");
    const file = (await readPostmasterFile(cluster)) as { pid: number };
    kill(file.pid);
    while (processesIn(cluster).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // Our own pid stands for the one that was given out again; PostgreSQL alone would refuse to start.
    const path = join(cluster, "postmaster.pid");
    execFileSync("sed", ["-i", `1s/.*/${process.pid}/`, path]);
    execFileSync("sed", ["-i", `1s/.*/${process.pid}/`, join(server.dataDir, "run/.s.PGSQL.5432.lock")]);
    const next = await openPrivateServer({ ...place.options(place.shared()), timeoutMs: 5000 });
    expect(await query(next.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await next.close();
    await server.close();
  });
});
