import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { PostgresError } from "./errors.ts";

/** The user that the server's processes run as; `switch` is set when that is not the user we are. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly switch?: { readonly uid: number; readonly gid: number };
}

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface UserFacts {
  readonly uid: number;
  readonly gid: number;
  /** Our own passwd entry by the system's lookup, which knows directories beyond /etc/passwd. */
  readonly own: PasswdEntry | undefined;
  readonly passwd: readonly PasswdEntry[];
  readonly maySetUser: boolean;
  /** Ranges of uids that exist in this user namespace, as [first, count]. */
  readonly mappedUids: readonly (readonly [number, number])[];
  /** Owner of the data directory, when there is one already. */
  readonly owner: number | undefined;
}

/** Unprivileged users found on most systems, the best first. */
const CANDIDATES = ["postgres", "_postgres", "nobody", "daemon", "bin", "games"] as const;

const ELSEWHERE = "run Callsheet as an ordinary user, or set DATABASE_URL to another PostgreSQL server.";

/** Decides who runs the server: ourselves, or as root an unprivileged user of the passwd file. */
export function chooseServerUser(facts: UserFacts): ServerUser {
  if (facts.uid !== 0) return ourselves(facts);
  if (!facts.maySetUser) {
    throw new PostgresError(
      "setuid_refused",
      "PostgreSQL refuses to run as root, and this process may not change its user (CAP_SETUID or CAP_SETGID is missing).",
      `Give the container these capabilities, ${ELSEWHERE}`,
    );
  }
  const known = CANDIDATES.flatMap(
    (name) => facts.passwd.find((entry) => entry.name === name && entry.uid !== 0) ?? [],
  );
  const mapped = known.filter((entry) => isMapped(facts.mappedUids, entry.uid));
  if (known.length > 0 && mapped.length === 0) {
    throw new PostgresError(
      "setuid_refused",
      "PostgreSQL refuses to run as root, and only user 0 exists in this user namespace.",
      `Map more users (subuid), ${ELSEWHERE}`,
    );
  }
  const chosen = mapped.find((entry) => entry.uid === facts.owner) ?? mapped[0];
  if (!chosen) {
    throw new PostgresError(
      "no_passwd_entry",
      "PostgreSQL refuses to run as root, and /etc/passwd has no unprivileged user such as postgres or nobody.",
      `Add a user named postgres, ${ELSEWHERE}`,
    );
  }
  return { ...chosen, switch: { uid: chosen.uid, gid: chosen.gid } };
}

function ourselves(facts: UserFacts): ServerUser {
  if (facts.own) return { name: facts.own.name, uid: facts.uid, gid: facts.gid };
  throw new PostgresError(
    "no_passwd_entry",
    `User ${facts.uid} has no entry in the passwd file, which PostgreSQL needs.`,
    "Run the container as a user of its passwd file, add an entry for this user, or set DATABASE_URL.",
  );
}

function isMapped(ranges: readonly (readonly [number, number])[], uid: number): boolean {
  return ranges.some(([first, count]) => uid >= first && uid < first + count);
}

export function parsePasswd(text: string): readonly PasswdEntry[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (!name || name.startsWith("#") || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/** Reads /proc/self/uid_map: the uids inside this namespace. */
export function parseUidMap(text: string): readonly (readonly [number, number])[] {
  return text.split("\n").flatMap((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || count === undefined || Number.isNaN(inside) ? [] : [[inside, count] as const];
  });
}

/** Whether the effective capabilities in /proc/self/status hold CAP_SETGID (6) and CAP_SETUID (7). */
export function parseMaySetUser(status: string): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/im.exec(status)?.[1];
  if (mask === undefined) return true;
  return (BigInt(`0x${mask}`) & 0b1100_0000n) === 0b1100_0000n;
}

export function readUserFacts(owner: number | undefined): UserFacts {
  const status = readOr("/proc/self/status", "");
  const map = parseUidMap(readOr("/proc/self/uid_map", ""));
  return {
    uid: process.geteuid?.() ?? -1,
    gid: process.getegid?.() ?? -1,
    own: ownEntry(),
    passwd: parsePasswd(readOr("/etc/passwd", "")),
    maySetUser: parseMaySetUser(status),
    mappedUids: map.length > 0 ? map : [[0, 2 ** 32]],
    owner,
  };
}

/** The name of a user for a sentence; its number if it has none. */
export function nameOfUser(uid: number): string {
  return parsePasswd(readOr("/etc/passwd", "")).find((entry) => entry.uid === uid)?.name ?? `user ${uid}`;
}

function ownEntry(): PasswdEntry | undefined {
  try {
    const { username, uid, gid } = userInfo();
    return { name: username, uid, gid };
  } catch {
    return undefined;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
