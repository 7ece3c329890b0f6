import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { chown, lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { isDiskFull, PostgresError, systemCode } from "./errors.ts";
import { foreignCluster, type Home } from "./home.ts";
import { parseJson } from "./identity-file.ts";
import type { ServerUser } from "./run-as.ts";
import { type ProgramResult, runProgram } from "./run-program.ts";
import { syncDirectory, writeDurably } from "./write-file.ts";

/** The passwords of a database directory; they lie inside it, so that both appear by one rename. */
export interface Secrets {
  readonly superuserPassword: string;
  readonly password: string;
}

export const SUPERUSER = "postgres";
export const USER = "callsheet";
export const DATABASE = "callsheet";

const SECRETS = "callsheet.secrets.json";

/** What lies where the database should: nothing, one of ours, or refused with `data_directory_foreign`. */
export async function inspectCluster(home: Home): Promise<"absent" | { readonly major: number }> {
  const facts = await lstat(home.cluster).catch(() => undefined);
  if (!facts) return "absent";
  if (!facts.isDirectory()) throw foreignCluster(home.cluster, "is not a directory");
  const names = await readdir(home.cluster);
  if (names.length === 0) return "absent";
  if (!names.includes("PG_VERSION")) throw foreignCluster(home.cluster, "holds something that is not a database");
  if (!names.includes(SECRETS)) throw foreignCluster(home.cluster, "holds a database that Callsheet did not make");
  return { major: Number.parseInt(await readFile(join(home.cluster, "PG_VERSION"), "utf8"), 10) };
}

export async function readSecrets(home: Home): Promise<Secrets> {
  // The directory belongs to the server's user: a link put there must not lead root elsewhere.
  const file = await open(join(home.cluster, SECRETS), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const value = parseJson(await file.readFile("utf8")) as Partial<Secrets> | undefined;
    if (typeof value?.superuserPassword === "string" && typeof value.password === "string") return value as Secrets;
  } finally {
    await file.close();
  }
  throw foreignCluster(home.cluster, `has no readable passwords in ${SECRETS}`);
}

/**
 * Makes the database directory: all of it in a sibling, roles and database included, made durable, then renamed.
 * Killed at any moment it leaves a sibling that the next start removes. Only under the opener's lock.
 */
export async function makeCluster(home: Home, binaries: Binaries, user: ServerUser): Promise<void> {
  await removeUnfinished(home);
  const tag = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const sibling = join(home.root, `pg.new-${tag}`);
  try {
    await mkdir(sibling, { mode: 0o700 });
    if (user.switch) await chown(sibling, user.switch.uid, user.switch.gid);
    const data = await fill(sibling, binaries, user);
    await rename(data, home.cluster);
    await syncDirectory(home.root);
  } finally {
    await rm(sibling, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function fill(sibling: string, binaries: Binaries, user: ServerUser): Promise<string> {
  const secrets: Secrets = { superuserPassword: randomPassword(), password: randomPassword() };
  const data = join(sibling, "data");
  const passwordFile = join(sibling, "password");
  await writeDurably(passwordFile, `${secrets.superuserPassword}\n`, 0o600);
  if (user.switch) await chown(passwordFile, user.switch.uid, user.switch.gid);
  await step(binaries, "initdb", initdbArguments(data, passwordFile, binaries.major), { user });
  await step(binaries, "postgres", ["--single", "-F", "-D", data, "postgres"], { user, input: creation(secrets) });
  await writeDurably(join(data, SECRETS), `${JSON.stringify(secrets)}\n`, 0o600);
  if (user.switch) await chown(join(data, SECRETS), user.switch.uid, user.switch.gid);
  await writeFile(join(data, "pg_hba.conf"), "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n");
  await step(binaries, "initdb", ["--sync-only", "-D", data], { user });
  return data;
}

/** The arguments of initdb. C.UTF-8 by PostgreSQL's own provider where it has one, else by the C library. */
export function initdbArguments(data: string, passwordFile: string, major: number): readonly string[] {
  const locale =
    major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] : ["--locale=C.UTF-8"];
  return [
    ...["-D", data, "-U", SUPERUSER, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8"],
    ...["--data-checksums", "--no-sync", "--no-instructions", ...locale],
  ];
}

/** A stand-alone backend reads one statement a line. The passwords are letters and digits only. */
function creation(secrets: Secrets): string {
  return [
    `create role ${USER} login createdb password '${secrets.password}'`,
    `create database ${DATABASE} owner ${USER}`,
    `revoke all on database ${DATABASE} from public`,
    "",
  ].join("\n");
}

async function step(
  binaries: Binaries,
  program: string,
  args: readonly string[],
  options: { readonly user: ServerUser; readonly input?: string },
): Promise<void> {
  const result = await runProgram(join(binaries.bin, program), args, options);
  if (result.code === 0 && !/^.*\b(ERROR|FATAL|PANIC):/m.test(result.output)) return;
  throw stepError(program, result);
}

/** One sentence from the output of a failed step. */
function stepError(program: string, result: ProgramResult): PostgresError {
  if (result.refusal === "EPERM" || result.refusal === "EINVAL") {
    return new PostgresError(
      "setuid_refused",
      "The system refuses to run PostgreSQL as an unprivileged user.",
      "Run Callsheet as an ordinary user, or set DATABASE_URL.",
    );
  }
  const line = /(?:error|ERROR|FATAL|PANIC): +(.*)/.exec(result.output)?.[1];
  return new PostgresError(
    "initdb_failed",
    `The database directory could not be made (${program}): ${line ?? result.refusal ?? `ended with ${result.code}`}.`,
    isDiskFull(result.output)
      ? "Free space on this disk, then start again."
      : "Correct the cause and start again; nothing was left behind.",
  );
}

/** Removes siblings that a killed first start left. What its initdb still writes is removed later, at a stop or start. */
export async function removeUnfinished(home: Home): Promise<void> {
  for (const name of await readdir(home.root)) {
    if (!name.startsWith("pg.new-")) continue;
    await rm(join(home.root, name), { recursive: true, force: true }).catch((error) => {
      if (!["ENOTEMPTY", "EBUSY"].includes(systemCode(error))) throw error;
    });
  }
}

function randomPassword(): string {
  return randomBytes(24).toString("hex");
}
