import { clusterName } from "./processes.ts";
import type { Transport } from "./socket.ts";

const MB = 1024 * 1024;

/** `full`: what was committed outlives a crash of the machine. `none`: nothing waits for the disk, for data that nobody keeps. */
export type Durability = "full" | "none";

/** What no file and no ALTER SYSTEM may override: the promises about durability, and how the server is reached. */
export function fixedSettings(
  transport: Transport,
  cluster: string,
  durability: Durability,
): Readonly<Record<string, string>> {
  const waits = durability === "full" ? "on" : "off";
  return {
    cluster_name: clusterName(cluster),
    fsync: waits,
    full_page_writes: waits,
    synchronous_commit: "on",
    // Whole crowds of a test run share such a server.
    ...(durability === "none" ? { max_connections: "400" } : {}),
    timezone: "UTC",
    listen_addresses: transport.kind === "socket" ? "" : "127.0.0.1",
    unix_socket_directories: transport.kind === "socket" ? transport.directory : "",
    unix_socket_permissions: "0700",
    port: String(transport.port),
    logging_collector: "off",
    log_destination: "stderr",
  };
}

/** Tuning for one machine with `memoryBytes`; ALTER SYSTEM overrides it. */
export function tunedSettings(memoryBytes: number): Readonly<Record<string, string>> {
  const buffers = Math.min(1024, Math.max(32, Math.floor(memoryBytes / MB / 4)));
  return {
    shared_buffers: `${buffers}MB`,
    max_connections: "200",
    max_wal_size: "4GB",
    checkpoint_timeout: "15min",
    wal_compression: "on",
    autovacuum_naptime: "10s",
    log_timezone: "UTC",
    log_checkpoints: "off",
    log_line_prefix: "%m [%p] ",
    // A statement may carry somebody's data, which has no place in a log.
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: "0",
  };
}

/** Our postgresql.conf: what initdb found out about this machine, and over it the given settings. */
export function configurationFile(cluster: string, settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}`);
  return [
    "# Written by Callsheet at each start. Changes: ALTER SYSTEM as the superuser.",
    `include_if_exists ${quoted(`${cluster}/postgresql.conf`)}`,
    ...lines,
    "",
  ].join("\n");
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** The arguments that make `postgres` serve a directory. */
export function serverArguments(
  cluster: string,
  configuration: string,
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", cluster, "-c", `config_file=${configuration}`, ...given];
}
