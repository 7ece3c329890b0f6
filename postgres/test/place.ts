import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type PrivateServerOptions, removeAbandoned } from "../src/index.ts";
import { makeTemporaryDirectory, removeTemporary } from "../src/temporary.ts";

/** Temporary directories for the tests of one file: a new data directory at each call, one copy of the binaries. */
export interface Place {
  readonly dataDir: () => string;
  /** One data directory for all tests that need no new one; each leaves it stopped. */
  readonly shared: () => string;
  readonly env: () => NodeJS.ProcessEnv;
  readonly options: (dataDir?: string) => PrivateServerOptions;
  readonly root: () => string;
}

/** Servers that a test leaves running are stopped at the end. */
export function temporaryPlace(): Place {
  let root = "";
  let count = 0;
  const env = () => ({ ...process.env, CALLSHEET_CACHE_DIR: join(root, "cache") });
  const dataDir = () => {
    count += 1;
    return join(root, `data${count}`);
  };
  beforeAll(async () => {
    await removeAbandoned();
    root = await makeTemporaryDirectory();
  });
  afterAll(() => removeTemporary(root), 60_000);
  const shared = () => join(root, "it's shared ü");
  return { dataDir, shared, env, options: (given = dataDir()) => ({ dataDir: given, env: env() }), root: () => root };
}
