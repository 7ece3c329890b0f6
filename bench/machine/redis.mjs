import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort, startServer } from "./child.mjs";
import { removeDirectory, serverUser } from "./directory.mjs";
import { usageOfTree } from "./processes.mjs";

/** What is missing for Redis on this machine, or nothing. */
export function missingRedis() {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "pipe" });
    return undefined;
  } catch {
    return "redis-server is not installed (apt-get install redis-server)";
  }
}

/**
 * Redis as BullMQ's guide for production wants it: append-only file, nothing evicted. `sync` is when the file is synced:
 * `everysec` (its default) or `always` (what PostgreSQL does). Each `fresh` is a new server in an empty directory.
 * @param {{sync: "everysec" | "always", directory: string}} how
 */
export function openRedis({ sync, directory }) {
  const [, version] = /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }));
  const settings = { appendonly: "yes", appendfsync: sync, save: "", "maxmemory-policy": "noeviction" };
  return {
    store: "redis",
    label: `Redis ${version} (AOF ${sync})`,
    settings,
    pid: undefined,
    stop: async () => {},
    fresh: () => freshServer(settings, directory),
  };
}

async function freshServer(settings, parent) {
  const directory = mkdtempSync(join(parent, "redis-"));
  const user = serverUser(["redis", "nobody"]);
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = { ...settings, bind: "127.0.0.1", port: String(port), dir: directory };
  const start = () =>
    startServer(
      "redis-server",
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      { answers: () => ping(url), stopSignal: "SIGKILL", spawn: { ...user, cwd: directory } },
    );
  let server = await start();
  return {
    url,
    pid: server.pid,
    query: undefined,
    analyse: undefined,
    usage: async () => usageOfTree(server.pid),
    restart: async (how, whileAway) => {
      await server.stop(how === "crash" ? "SIGKILL" : "SIGTERM");
      await whileAway();
      server = await start();
    },
    close: async () => {
      await server.stop();
      removeDirectory(directory);
    },
  };
}

async function ping(url) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {}); // not listening yet
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
