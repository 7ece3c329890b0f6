import { openTestServer } from "../src/testing/test-server.ts";

/** One private PostgreSQL for all tests of a run, unless the environment names a server. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.CALLSHEET_TEST_DATABASE_URL) return undefined;
  const server = await openTestServer();
  // The processes that run the tests inherit it.
  process.env.CALLSHEET_TEST_DATABASE_URL = server.url;
  return () => server.close();
}
