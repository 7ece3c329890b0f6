import { callsheetError } from "@callsheet/contract";
import type { EngineOptions } from "./engine/engine-options.ts";
import type { Environment } from "./engine/environment.ts";
import type { Server } from "./engine/revival.ts";

/** The server that the options name, or the environment's DATABASE_URL, or else a private one of this machine. */
export async function findServer(options: EngineOptions, variables: Variables): Promise<Server> {
  const { databaseUrl, dataDir } = options;
  const url = databaseUrl ?? (dataDir === undefined ? variables.DATABASE_URL : undefined);
  return url ? { connectionString: url, close: async () => {} } : openPrivateServer(dataDir, variables);
}

type Variables = Environment["processes"]["variables"];
type Postgres = typeof import("@callsheet/postgres");

/** Starts, or joins, the private server. It is an optional package: an application with a database needs none. */
async function openPrivateServer(dataDir: string | undefined, variables: Variables): Promise<Server> {
  let postgres: Postgres;
  try {
    postgres = await import("@callsheet/postgres");
  } catch (error) {
    throw callsheetError(
      "database_missing",
      "No database was named, and the package @callsheet/postgres, which brings one, is not installed.",
      {},
      error,
    );
  }
  const directory = dataDir ?? postgres.defaultDataDir(variables);
  const server = await postgres.openPrivateServer({ dataDir: directory });
  return {
    connectionString: server.url,
    dataDir: directory,
    revive: () => server.revive({ whenStopped: "refuse" }),
    close: () => server.close(),
  };
}

/** The part of a database's URL that everybody may read. */
export function addressOf(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return "";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
