import type { Callsheet, CallsheetOptions } from "@callsheet/core";
import { refused } from "./invalid.ts";

/** Where a queue's database is, by its parts. Absent ones are those of the default. */
export interface QueuePlace extends Pick<CallsheetOptions, "dataDir" | "schema" | "poolSize" | "environment"> {
  readonly databaseUrl?: string;
  readonly host?: string;
  readonly port?: number;
  readonly db?: string;
  readonly user?: string;
  readonly password?: string;
}

/**
 * What a queue may be given: nothing (the environment's DATABASE_URL, else the private server of this machine), where its
 * PostgreSQL is, or a Callsheet that is open.
 */
export type QueueConnection = QueuePlace | Callsheet | string | null | undefined;

/** A connection that was understood. */
export interface Reach {
  readonly host: string;
  readonly port: number;
  readonly db: string;
  /** Open already, and not the queue's to close. */
  readonly callsheet?: Callsheet;
  readonly options: CallsheetOptions;
  /** A database that was asked for by its name, and is made if it is missing. Without a URL: of the private server. */
  readonly named?: string;
}

const PARTS = ["host", "port", "db", "user", "password"] as const;
const KNOWN = [...PARTS, "databaseUrl", "dataDir", "schema", "poolSize", "environment"];
const DEFAULT_PORT = 5432;

/** Reads what a queue was given; fails with `invalid_argument` when it is nothing that could be reached. */
export function readConnection(given: unknown, variables: Readonly<Record<string, string | undefined>>): Reach {
  if (given === undefined || given === null) return reach({}, variables);
  if (typeof given === "string") return reach({ databaseUrl: given }, variables);
  if (typeof given !== "object" || Array.isArray(given)) throw invalidConnection();
  if (isCallsheet(given)) return { ...placeOf(given.address), callsheet: given, options: {} };
  if (Object.keys(given).some((key) => !KNOWN.includes(key))) throw invalidConnection();
  return reach(given as QueuePlace, variables);
}

const invalidConnection = () =>
  refused(
    `Database driver or options invalid: a queue is opened with a URL, an open Callsheet, or ${KNOWN.join(", ")}.`,
    "cxn",
  );

const isCallsheet = (value: object): value is Callsheet =>
  "queues" in value && "work" in value && typeof value.work === "function";

function reach(place: QueuePlace, variables: Readonly<Record<string, string | undefined>>): Reach {
  checkParts(place);
  const { host, port, db, user: _user, password: _password, ...options } = place;
  const isNamed = PARTS.some((part) => place[part] !== undefined);
  if (!isNamed) {
    const url = options.databaseUrl ?? (options.dataDir === undefined ? variables.DATABASE_URL : undefined);
    // As it is now: it is opened later, when the environment may name another.
    return { ...placeOf(url), options: url === undefined ? options : { ...options, databaseUrl: url } };
  }
  const named = db === undefined ? {} : { named: db };
  const base = options.databaseUrl ?? (host === undefined ? variables.DATABASE_URL : undefined);
  if (base === undefined && host === undefined && port === undefined)
    return { ...placeOf(undefined), ...(db === undefined ? {} : { db }), ...named, options };
  const databaseUrl = urlOf(base ?? "postgres://localhost", place);
  return { ...placeOf(databaseUrl), ...named, options: { ...options, databaseUrl } };
}

/** What each part must be: a URL would leave out what it cannot hold, and lead elsewhere. */
function checkParts(place: QueuePlace): void {
  const { host, port } = place;
  const isText = (value: unknown) => value === undefined || (typeof value === "string" && value !== "");
  const wrong = (["host", "db", "user"] as const).find((part) => !isText(place[part]));
  if (wrong !== undefined) throw refused(`Database ${wrong} must be a text.`, wrong);
  if (host !== undefined && (!URL.canParse(`postgres://${hostIn(host)}`) || /[/?#@]/.test(hostIn(host))))
    throw refused("Database host must be a name, an address, or the directory of a socket.", "host");
  if (port !== undefined && !(Number.isInteger(Number(port)) && Number(port) > 0 && Number(port) < 65_536))
    throw refused("Database port must be a whole number from 1 to 65535.", "port");
}

/** A host as a URL holds it: addresses of IPv6 in brackets, a socket's directory encoded. */
function hostIn(host: string): string {
  if (host.startsWith("/")) return encodeURIComponent(host);
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** The URL of another database of the same server. */
export function urlOfDatabase(base: string, db: string): string {
  return base.replace(/^(\w+:\/\/[^/?]*)(\/[^?]*)?/, (_, server: string) => `${server}/${encodeURIComponent(db)}`);
}

function urlOf(base: string, { host, port, db, user, password }: Pick<QueuePlace, (typeof PARTS)[number]>): string {
  const url = new URL(db === undefined ? base : urlOfDatabase(base, db));
  if (host !== undefined) url.hostname = hostIn(host);
  if (port !== undefined) url.port = String(port);
  if (user !== undefined) url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}

/** Host, port and database as a queue shows them. */
function placeOf(url: string | undefined): Pick<Reach, "host" | "port" | "db"> {
  const standard = { host: "localhost", port: DEFAULT_PORT, db: "callsheet" };
  if (url === undefined || !URL.canParse(url)) return standard;
  const { hostname, port, pathname } = new URL(url);
  return {
    // A socket's directory stands in the host's place.
    host: hostname === "" || hostname.startsWith("%2F") ? standard.host : hostname,
    port: Number(port) || DEFAULT_PORT,
    db: decodeURIComponent(pathname.slice(1)) || standard.db,
  };
}
