import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DatabaseChoice } from "../database-option.ts";
import { EXIT } from "../exit-code.ts";
import { failure, usageError } from "../failure.ts";

/** A user of this machine. */
interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups that it belongs to. */
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * Gives up root's rights for those of another user, for good. Linux closes a process that has done so to that user: what it starts
 * runs as the same one, and can read neither its environment nor its memory (docs/decisions/0067).
 */
export async function becomeUser(name: string, database: DatabaseChoice, variables: NodeJS.ProcessEnv): Promise<void> {
  if ("dataDir" in database)
    throw usageError(
      "--user is for a database with an address: a private server is its owner's.",
      "Set DATABASE_URL, or leave --user out.",
    );
  if (process.geteuid?.() !== 0)
    throw usageError(`--user ${name}: only root can become another user.`, "Start it as root, or as that user.");
  const user = await findUser(name);
  if (user.uid === 0) throw usageError(`--user ${name} is root.`, "Name a user of its own for nodes.");
  try {
    process.setgroups?.(user.groups);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  } catch (error) {
    throw failure(
      "user_refused",
      `The system does not let this process become ${name}: ${(error as NodeJS.ErrnoException).code}.`,
      "A container needs the capabilities SETUID and SETGID for that.",
    );
  }
  Object.assign(variables, { HOME: user.home, USER: user.name, LOGNAME: user.name });
}

const run = promisify(execFile);

async function findUser(asked: string): Promise<SystemUser> {
  const { stdout } = await run("getent", ["passwd", "--", asked]).catch((error: unknown) => {
    throw failure(
      "unknown_user",
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "This machine has no getent, which tells of its users."
        : `This machine has no user ${asked}.`,
      "getent passwd lists those that there are.",
      EXIT.notFound,
    );
  });
  const [name = "", , uid, gid, , home = "/"] = stdout.trim().split(":");
  const { stdout: groups } = await run("id", ["-G", "--", name]);
  return { name, uid: Number(uid), gid: Number(gid), groups: groups.trim().split(" ").map(Number), home };
}
