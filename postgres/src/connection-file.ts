import { readFile } from "node:fs/promises";
import type { Address } from "./admin.ts";
import { DATABASE, type Secrets, USER } from "./directory.ts";
import type { Home } from "./home.ts";
import { parseJson } from "./identity-file.ts";
import { replaceFile } from "./write-file.ts";

/** What `pg` needs to connect as the ordinary role that owns the database. */
export interface Connection {
  /** The socket's directory, or 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function connectionFor(address: Address, secrets: Secrets): Connection {
  return { host: address.host, port: address.port, user: USER, password: secrets.password, database: DATABASE };
}

/** The same as one URL; a socket's directory stands encoded in place of the host. */
export function connectionUrl(connection: Connection): string {
  const { host, port, user, password, database } = connection;
  return `postgresql://${user}:${password}@${encodeURIComponent(host)}:${port}/${database}`;
}

/** Keeps the facts in a file that only its owner reads; written only when they changed. */
export async function saveConnection(home: Home, connection: Connection): Promise<void> {
  const text = `${JSON.stringify({ ...connection, url: connectionUrl(connection) }, undefined, 2)}\n`;
  const present = await readFile(home.connection, "utf8").catch(() => "");
  if (present !== text) await replaceFile(home.connection, text);
}

export async function readConnection(home: Home): Promise<Connection | undefined> {
  const text = await readFile(home.connection, "utf8").catch(() => "");
  const value = parseJson(text) as Partial<Connection> | undefined;
  if (typeof value?.host !== "string" || typeof value.port !== "number" || typeof value.user !== "string") return;
  if (typeof value.password !== "string" || typeof value.database !== "string") return;
  const { host, port, user, password, database } = value;
  return { host, port, user, password, database };
}
