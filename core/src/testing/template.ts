import { createHash } from "node:crypto";
import { systemEnvironment } from "../engine/environment.ts";
import { openDatabase, type Queryable } from "../store/database.ts";
import { migrate, shippedMigrations } from "../store/migrate.ts";
import {
  createDatabase,
  databasesNamed,
  dropDatabase,
  lockDatabases,
  renameDatabase,
  unlockDatabases,
} from "./store/databases.ts";

const TEST = "callsheet_test_";
const TEMPLATE = "callsheet_template_";
const UNFINISHED = "callsheet_unfinished";
const { processes } = systemEnvironment();
let count = 0;

/** A new database's name says whose it is, so that what a killed run left behind can be told from what is in use. */
export function newTestName(): string {
  const { host, bootId, pid, pidStarted } = processes.self();
  count += 1;
  // Beside the count, since a file of tests may load this module anew in the same process.
  const draw = Math.floor(systemEnvironment().random() * 36 ** 6).toString(36);
  return `${TEST}${pid}_${pidStarted || "0"}_${short(host)}_${short(bootId)}_${count}_${draw}`;
}

/** Removes databases of processes of this machine that no longer live. */
async function sweep(admin: Queryable): Promise<readonly string[]> {
  const left = (await databasesNamed(admin, TEST)).filter(isAbandoned);
  for (const name of left) await dropDatabase(admin, name);
  return left;
}

function isAbandoned(name: string): boolean {
  const [pid, pidStarted, host, bootId] = name.slice(TEST.length).split("_");
  const self = processes.self();
  if (host !== short(self.host)) return false;
  if (bootId !== short(self.bootId)) return true;
  return processes.isAlive({ ...self, pid: Number(pid), pidStarted: pidStarted! }) === false;
}

/** The name of the migrated database that tests are cloned from; made when this text of the migrations has none yet. */
export async function settleTemplate(admin: Queryable, urlOf: (name: string) => string): Promise<string> {
  const migrations = shippedMigrations();
  const name = TEMPLATE + short(migrations.map(({ checksum }) => checksum).join());
  await lockDatabases(admin);
  try {
    await sweep(admin);
    if ((await databasesNamed(admin, name)).includes(name)) return name;
    await dropDatabase(admin, UNFINISHED);
    await createDatabase(admin, UNFINISHED, "template0");
    const db = openDatabase({
      connection: { connectionString: urlOf(UNFINISHED) },
      schema: "callsheet",
      poolSize: 1,
      clock: systemEnvironment(),
      onError: () => {},
    });
    await migrate(db, migrations).finally(() => db.close());
    await renameDatabase(admin, UNFINISHED, name);
    return name;
  } finally {
    await unlockDatabases(admin);
  }
}

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);
