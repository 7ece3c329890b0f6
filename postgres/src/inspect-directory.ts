import { lstat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { inspectCluster } from "./directory.ts";
import { PostgresError, systemCode } from "./errors.ts";
import { networkFileSystemOf } from "./filesystem.ts";
import { explainingPlace, findHome, ownerOf } from "./home.ts";
import { nameOfUser } from "./run-as.ts";

/** What can be seen of a data directory without making, changing or locking anything. */
export interface DirectoryFacts {
  readonly dataDir: string;
  readonly exists: boolean;
  /** Of the directory, or of the nearest one above that exists. */
  readonly owner: string;
  /** Whether that is the user who runs this. */
  readonly isOwn: boolean;
  /** The network file system that it lies on; undefined for a local one, and where the system does not tell. */
  readonly network: string | undefined;
  /** Free for this user on its disk. */
  readonly freeBytes: number;
  /** "foreign": something that Callsheet did not make. */
  readonly holds: "nothing" | "database" | "foreign";
  /** The PostgreSQL that made the database; only that one can run it. */
  readonly major: number | undefined;
}

/** Looks at a data directory, or at the place where it would be made. */
export function inspectDataDir(dataDir: string): Promise<DirectoryFacts> {
  return explainingPlace(dataDir, async () => {
    const home = await findHome(dataDir);
    const place = home?.root ?? (await nearestAbove(resolve(dataDir)));
    const owner = (await ownerOf(place)) ?? -1;
    const { bavail, bsize } = await statfs(place);
    const cluster = home === undefined ? "absent" : await inspectCluster(home).catch(asForeign);
    return {
      dataDir: home?.root ?? resolve(dataDir),
      exists: home !== undefined,
      owner: nameOfUser(owner),
      isOwn: owner === (process.geteuid?.() ?? -1),
      network: await networkFileSystemOf(place),
      freeBytes: bavail * bsize,
      holds: cluster === "absent" ? "nothing" : cluster === "foreign" ? "foreign" : "database",
      major: typeof cluster === "object" ? cluster.major : undefined,
    };
  });
}

function asForeign(error: unknown): "foreign" {
  if (error instanceof PostgresError && error.code === "data_directory_foreign") return "foreign";
  throw error;
}

async function nearestAbove(path: string): Promise<string> {
  const isThere = await lstat(path).then(
    (facts) => facts.isDirectory(),
    (error) => {
      if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return false;
      throw error;
    },
  );
  return isThere || dirname(path) === path ? path : nearestAbove(dirname(path));
}
