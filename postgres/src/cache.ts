import { randomBytes } from "node:crypto";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { PostgresError, systemCode } from "./errors.ts";
import { parseJson } from "./identity-file.ts";
import { linksFor } from "./links.ts";
import { makeDirectory } from "./make-directory.ts";
import { pidState } from "./process-identity.ts";
import { syncDirectory } from "./write-file.ts";

/** The npm package with the binaries, as found on disk. */
export interface BinaryPackage {
  readonly directory: string;
  readonly version: string;
}

/** Where copies of the binaries go: CALLSHEET_CACHE_DIR, for root /var/lib/callsheet/cache, else the XDG cache. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env.CALLSHEET_CACHE_DIR) return env.CALLSHEET_CACHE_DIR;
  if (process.geteuid?.() === 0) return "/var/lib/callsheet/cache";
  const cache = env.XDG_CACHE_HOME;
  return cache?.startsWith("/") ? join(cache, "callsheet") : join(env.HOME || homedir(), ".cache/callsheet");
}

/**
 * The `bin` directory of a copy of the package. It is written aside, proved by `prove`, and appears whole by a rename,
 * so that two processes may do it at once and a killed one leaves nothing that looks finished.
 */
export async function cachedCopy(
  source: BinaryPackage,
  cache: string,
  prove: (bin: string) => Promise<void>,
): Promise<string> {
  const target = join(cache, `postgresql-${source.version}-${process.platform}-${process.arch}`);
  if (await exists(target)) {
    if (await isProved(target, prove)) return join(target, "bin");
    // Kept for whoever wants to know what happened to it.
    await rename(target, `${target}.damaged-${randomBytes(4).toString("hex")}`).catch(() => undefined);
  }
  const aside = `${target}.tmp-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await makeDirectory(cache, 0o755);
    await removeLeftovers(target);
    await copyPackage(source.directory, aside);
    await prove(join(aside, "bin"));
    await moveIn(aside, target);
  } catch (error) {
    if (error instanceof PostgresError) throw error;
    throw unwritable(cache, error);
  } finally {
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
  return join(target, "bin");
}

async function copyPackage(source: string, aside: string): Promise<void> {
  const native = join(source, "native");
  await mkdir(aside, { mode: 0o700 });
  for (const part of ["bin", "lib", "share"]) await copyTree(join(native, part), join(aside, part));
  await setModeAndSync(aside, 0o755);
  const declared = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const link of linksFor(await readdir(join(aside, "lib")), parseJson(declared))) {
    await mkdir(dirname(join(aside, link.path)), { recursive: true });
    await symlink(link.target, join(aside, link.path)).catch((error) => {
      if (systemCode(error) !== "EEXIST") throw error;
    });
  }
}

/** Copies with the modes that the server's user needs, whatever the installation's were, and makes it durable. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const entries = await readdir(from, { withFileTypes: true });
  const isProgram = basename(to) === "bin";
  await Promise.all(
    entries.filter(isNeeded).map(async (entry) => {
      const target = join(to, entry.name);
      if (entry.isDirectory()) return copyTree(join(from, entry.name), target);
      await copyFile(join(from, entry.name), target);
      await setModeAndSync(target, isProgram ? 0o755 : 0o644);
    }),
  );
  await setModeAndSync(to, 0o755);
}

async function setModeAndSync(path: string, mode: number): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Static libraries and what compiles extensions is not copied; links are made anew. */
function isNeeded(entry: { readonly name: string; isSymbolicLink(): boolean }): boolean {
  return !entry.isSymbolicLink() && !entry.name.endsWith(".a") && !["pgxs", "pkgconfig"].includes(entry.name);
}

async function moveIn(aside: string, target: string): Promise<void> {
  await rename(aside, target).catch((error) => {
    // Another process was first with the same copy.
    if (!["EEXIST", "ENOTEMPTY"].includes(systemCode(error))) throw error;
  });
  await syncDirectory(dirname(target));
}

async function isProved(target: string, prove: (bin: string) => Promise<void>): Promise<boolean> {
  try {
    await prove(join(target, "bin"));
    return true;
  } catch {
    return false;
  }
}

/** Removes copies that processes began and did not live to finish. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.tmp-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split("-")[0]);
    if (pidState(pid) !== "none") continue;
    await rm(join(dirname(target), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function unwritable(cache: string, cause: unknown): PostgresError {
  return new PostgresError(
    "cache_unwritable",
    `The PostgreSQL binaries cannot be copied to ${cache} (${systemCode(cause) || "failed"}).`,
    "Free space or correct its permissions, set CALLSHEET_CACHE_DIR to another directory, or set DATABASE_URL.",
    cause,
  );
}
