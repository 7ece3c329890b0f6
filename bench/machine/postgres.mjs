import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { freePort, runToEnd, startServer } from "./child.mjs";
import { serverUser } from "./directory.mjs";
import { privateBinaries } from "./private-binaries.mjs";
import { readProcesses, usageOfTree } from "./processes.mjs";

/** So many files of 16 MB each has a server for its log: one run writes no further. */
const LOG_FILES = 160;

/** The same for every system. Durability is PostgreSQL's default, written out; the rest is sized for a small machine. */
const POSTGRES_SETTINGS = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  wal_level: "replica",
  autovacuum: "on",
  shared_buffers: "2GB",
  min_wal_size: `${LOG_FILES * 16}MB`,
  max_wal_size: "8GB",
  checkpoint_timeout: "15min",
  max_connections: "400",
};

const DEBIAN = "/usr/lib/postgresql";

/**
 * A PostgreSQL for this run: one of its own with `debian` or `private` binaries, or the server a URL names, which must
 * stand on this machine for its CPU to be counted and lets us create databases. Stores of our own servers can `restart`
 * theirs, by a "crash" or in order, and do something while it is away.
 * @param {{kind: string, directory: string}} where
 */
export async function openPostgres({ kind, directory }) {
  if (/^postgres(ql)?:/.test(kind)) return connect(kind, await localServerPid(kind), async () => {});
  const user = serverUser(["postgres", "nobody"]);
  const binaries = kind === "private" ? await privateBinaries(user) : debianBinaries();
  const data = join(directory, "postgres");
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid);
  const password = randomBytes(12).toString("hex");
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const spawn = { ...user, cwd: "/", env: { ...process.env, LC_ALL: "C", TZ: "UTC" } };
  const initdb = [
    "-D",
    data,
    "-U",
    "bench",
    "-A",
    "scram-sha-256",
    `--pwfile=${passwordFile}`,
    "-E",
    "UTF8",
    "--locale=C",
  ];
  await runToEnd(join(binaries, "initdb"), initdb, spawn);
  rmSync(passwordFile);
  const port = await freePort();
  const url = `postgres://bench:${password}@127.0.0.1:${port}/postgres`;
  const settings = { ...POSTGRES_SETTINGS, listen_addresses: "127.0.0.1", port, unix_socket_directories: "" };
  const start = () =>
    startServer(
      join(binaries, "postgres"),
      ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { answers: () => query(url, "select 1"), stopSignal: "SIGINT", spawn },
    );
  let server = await start();
  await fillLog(url);
  const opened = await connect(url, server.pid, () => server.stop());
  const restart = async (how, whileAway) => {
    await server.stop(how === "crash" ? "SIGQUIT" : "SIGINT");
    await whileAway();
    server = await start();
  };
  return { ...opened, fresh: async () => ({ ...(await opened.fresh()), restart }) };
}

/**
 * Leaves a server with log files to use again, as one has that was at work for a while. A new one makes each when it is needed, for
 * which all commits wait 50 ms: of two runs the one that writes its log further would meet that.
 */
async function fillLog(url) {
  const next = "pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()";
  await query(url, `select ${next} from generate_series(1, ${LOG_FILES})`);
  await query(url, "checkpoint");
}

/** The newest PostgreSQL that Debian installed here. */
function debianBinaries() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isInteger) : [];
  const newest = Math.max(0, ...versions);
  const binaries = join(DEBIAN, String(newest), "bin");
  if (!existsSync(join(binaries, "postgres"))) {
    throw new Error("no PostgreSQL found: apt-get install postgresql, or use --postgres private or --postgres URL");
  }
  return binaries;
}

/** The main process of a server on this machine; nothing for one elsewhere, whose CPU we cannot see. */
async function localServerPid(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const [{ backend, here }] = (
      await client.query("select pg_backend_pid() backend, coalesce(inet_server_addr() <<= '127.0.0.0/8', true) here")
    ).rows;
    const session = here ? readProcesses().get(backend) : undefined;
    return session?.name.startsWith("postgres") ? session.parent : undefined;
  } finally {
    await client.end();
  }
}

async function connect(url, pid, stop) {
  const [{ version }] = await query(url, "select current_setting('server_version') version");
  const names = [...Object.keys(POSTGRES_SETTINGS), "data_checksums"];
  const rows = await query(url, "select name, setting, unit from pg_settings where name = any($1)", [names]);
  const settings = Object.fromEntries(
    rows.map((row) => [row.name, `${row.setting}${row.unit ? ` x ${row.unit}` : ""}`]),
  );
  for (const name of ["fsync", "synchronous_commit", "full_page_writes"]) {
    if (settings[name] !== "on")
      throw new Error(`${name} is ${settings[name]} on this server: its figures would mislead`);
  }
  return {
    store: "postgres",
    label: `PostgreSQL ${version}`,
    settings,
    pid,
    stop,
    fresh: () => freshDatabase(url, pid),
  };
}

/** An empty database of its own, so that no run meets another run's dead rows; the server has written everything back. */
async function freshDatabase(adminUrl, pid) {
  const name = `bench_${randomBytes(4).toString("hex")}`;
  await query(adminUrl, `create database ${name}`);
  await query(adminUrl, "checkpoint");
  const url = Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the server may end it while it stops
  await client.connect();
  const read = async (text, values) => (await client.query(text, values)).rows;
  return {
    url,
    query: read,
    analyse: () => client.query("vacuum analyze"),
    usage: async () => {
      const [{ bytes }] = await read("select (pg_current_wal_insert_lsn() - '0/0')::float8 bytes");
      return { logBytes: bytes, ...(pid ? usageOfTree(pid) : {}) };
    },
    close: async () => {
      await client.end();
      await query(adminUrl, `drop database ${name} with (force)`);
    },
  };
}

async function query(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the server may end it while it stops
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
