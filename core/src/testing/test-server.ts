import { join } from "node:path";
import { openTemporaryServer } from "@callsheet/postgres";
import { systemEnvironment } from "../engine/environment.ts";
import { openDatabase } from "../store/database.ts";
import { allowDatabases } from "./store/databases.ts";

/** A private PostgreSQL for tests: its role may make databases and roles. */
export interface TestServer {
  /** Set it as CALLSHEET_TEST_DATABASE_URL for the tests. */
  readonly url: string;
  /** Stops it and removes its files. */
  close(): Promise<void>;
}

/** Starts a private PostgreSQL in a temporary directory, once for a run of tests. Needs the package @callsheet/postgres. */
export async function openTestServer(): Promise<TestServer> {
  const server = await openTemporaryServer();
  try {
    const secrets = await systemEnvironment().files.readText(join(server.dataDir, "pg", "callsheet.secrets.json"));
    const { superuserPassword: password } = JSON.parse(secrets) as { superuserPassword: string };
    const { host, port, user } = server.connection;
    const superuser = openDatabase({
      connection: { host, port, user: "postgres", password, database: "postgres" },
      schema: "callsheet",
      poolSize: 1,
      clock: systemEnvironment(),
      onError: () => {},
    });
    await allowDatabases(superuser, user).finally(() => superuser.close());
    return { url: server.url, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}
