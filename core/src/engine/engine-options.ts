import type { Resolver } from "@callsheet/contract";
import type { KeyFiles } from "../operations/secrets/keyring.ts";
import type { Patience } from "../store/patience.ts";
import type { Environment } from "./environment.ts";

/** How Callsheet is opened: where its database is, and who acts. */
export interface EngineOptions {
  /** A PostgreSQL of yours, 15 or newer. Default: the environment's DATABASE_URL, else a private server. */
  readonly databaseUrl?: string;
  /** Where the private server keeps its data. Default: the user's data directory. */
  readonly dataDir?: string;
  /**
   * The file with the keys of secrets. Default: the environment's CALLSHEET_SECRET_KEY_FILE, else beside the data directory of a
   * private server, with `.keys` after its name.
   */
  readonly secretKeyFile?: string;
  /** What `holdSecretKeys` read of it, instead of reading it again. */
  readonly secretKeys?: Pick<KeyFiles, "readText" | "modeOf">;
  /** The schema of all tables. Default `callsheet`. */
  readonly schema?: string;
  /** Connections beside those of the hot path. Default 10. */
  readonly poolSize?: number;
  /** Who acts when nobody is named by `as`. Default `system`. */
  readonly actor?: string;
  /** What tells of an application's own objects as targets of jobs, one for each type. Default none. */
  readonly resolvers?: readonly Resolver[];
  /** Where media are on this machine, by the names that assets know: `{ main: "/mnt/media" }`. Default: the environment's CALLSHEET_MEDIA_ROOTS. */
  readonly mediaRoots?: Readonly<Record<string, string>>;
  /** A node is to start right after it is open: what that connects by is connected meanwhile, and what beats for it started. Default false. */
  readonly worksSoon?: boolean;
  /** How long the database may stay silent before a connection is given up, in milliseconds. Default `PATIENCE`. */
  readonly patience?: Partial<Patience>;
  /** Told of troubles of the engine itself; never of a job's. Default: one line each on standard error. */
  readonly onError?: (where: string, error: unknown) => void;
  /** The world outside; made up in tests. */
  readonly environment?: Environment;
}
