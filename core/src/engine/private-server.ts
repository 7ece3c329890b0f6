import { callsheetError } from "@callsheet/contract";
import type { Environment } from "./environment.ts";

/** A PostgreSQL that this process uses, and what to do when it does not need it any more. */
export interface Server {
  readonly connectionString: string;
  close(): Promise<void>;
}

type Postgres = typeof import("@callsheet/postgres");

/** Starts, or joins, the private server of this machine. It is an optional package: an application with a database needs none. */
export async function openPrivateDatabase(
  dataDir: string | undefined,
  variables: Environment["processes"]["variables"],
): Promise<Server> {
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
  const server = await postgres.openPrivateServer({ dataDir: dataDir ?? postgres.defaultDataDir(variables) });
  return { connectionString: server.url, close: () => server.close() };
}
