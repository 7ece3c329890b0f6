import { join } from "node:path";
import { defaultDataDir } from "@callsheet/postgres";

/** Where a command keeps its jobs: in a private server's data directory, or in a PostgreSQL of somebody's. */
export type DatabaseChoice = { readonly dataDir: string } | { readonly databaseUrl: string };

/** What the command line says of it. */
export interface DatabaseFlags {
  readonly dataDir?: string;
  readonly databaseUrl?: string;
}

/** What was asked for; else the environment's DATABASE_URL; else the user's data directory, or `folder` below it. */
export function chooseDatabase(
  { dataDir, databaseUrl }: DatabaseFlags,
  variables: NodeJS.ProcessEnv,
  folder = "",
): DatabaseChoice {
  if (dataDir !== undefined) return { dataDir };
  if (databaseUrl !== undefined) return { databaseUrl };
  if (variables.DATABASE_URL) return { databaseUrl: variables.DATABASE_URL };
  return { dataDir: join(defaultDataDir(variables), folder) };
}

/** Says where that is, without the user and password that a URL may hold. */
export function describeDatabase(choice: DatabaseChoice): string {
  if ("dataDir" in choice) return `private PostgreSQL in ${choice.dataDir}`;
  const address = addressIn(choice.databaseUrl);
  return `PostgreSQL at ${address === "" ? "the address that was given" : address}`;
}

/** Whether a URL holds a password, which others see in the list of processes when it is an argument. */
export function holdsPassword(url: string): boolean {
  return URL.canParse(url) && (new URL(url).password !== "" || new URL(url).searchParams.has("password"));
}

/** The part of a URL that a socket's directory or a host stands in; empty where it is told otherwise. */
export function addressIn(url: string): string {
  if (!URL.canParse(url)) return "";
  const { hostname, host } = new URL(url);
  const place = decodeURIComponent(hostname);
  return place.startsWith("/") ? place : host;
}
