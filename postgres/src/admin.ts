import { realpath } from "node:fs/promises";
import pg from "pg";
import { type Secrets, SUPERUSER } from "./directory.ts";
import { systemCode } from "./errors.ts";

/** How a server answers somebody who knows our password. */
export type Answer =
  | { readonly kind: "ours"; readonly version: string }
  | { readonly kind: "wrong_password" | "other_directory" | "not_ready" | "silent" };

export interface Address {
  readonly host: string;
  readonly port: number;
}

const PROBE = `
  select current_setting('data_directory')          as directory
       , current_setting('server_version_num')::int as version`;

/** Asks whoever listens at an address whether it is the server of this cluster directory. */
export async function askServer(address: Address, secrets: Secrets, cluster: string): Promise<Answer> {
  const client = new pg.Client({
    ...address,
    user: SUPERUSER,
    password: secrets.superuserPassword,
    database: "postgres",
    // Whatever PGSSLMODE says: nothing leaves this machine.
    ssl: false,
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  });
  // A connection that breaks while idle is seen by the next query.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string; version: number }>(PROBE);
    const row = rows[0];
    if (!row || !(await isSame(row.directory, cluster))) return { kind: "other_directory" };
    return { kind: "ours", version: versionFromNumber(row.version) };
  } catch (error) {
    return { kind: readFailure(systemCode(error)) };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Reads what a failed connection says about the server: an SQLSTATE, or the system's error. */
export function readFailure(code: string): "wrong_password" | "not_ready" | "silent" {
  if (code.startsWith("28")) return "wrong_password";
  // 57P03 starting, recovering or stopping; 53300 no connection free; 57P01 to 57P05 going down.
  if (code.startsWith("57P") || code.startsWith("53")) return "not_ready";
  return "silent";
}

/** "18.4" from 180004. */
export function versionFromNumber(number: number): string {
  return `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

async function isSame(directory: string, cluster: string): Promise<boolean> {
  const real = await realpath(directory).catch(() => directory);
  return real === cluster;
}
