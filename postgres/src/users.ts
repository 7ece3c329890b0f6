import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { parseIdentity, parseJson } from "./identity-file.ts";
import { livenessOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { replaceFile } from "./write-file.ts";

/** One use of the server by one process. */
export interface Registration {
  readonly identity: ProcessIdentity;
  readonly path: string;
}

/** Counts this process as a user of the server, until `unregister` or until it is gone. */
export async function register(directory: string): Promise<Registration> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const identity = ownIdentity();
  const path = join(directory, `${identity.pid}-${identity.random}`);
  await replaceFile(path, `${JSON.stringify(identity)}\n`);
  return { identity, path };
}

export async function unregister(registration: Registration): Promise<void> {
  await unlink(registration.path).catch(() => undefined);
}

/** The users that are not dead. One whose life cannot be judged counts: its server must not be stopped. */
export async function presentUsers(directory: string): Promise<readonly ProcessIdentity[]> {
  const users = await readUsers(directory);
  return users.flatMap(({ identity }) => (identity && livenessOf(identity) !== "dead" ? [identity] : []));
}

/** Forgets users that cannot be judged. Only when their server is gone: one that lives comes back by `reregister`. */
export async function forgetUnknownUsers(directory: string): Promise<void> {
  for (const { path, identity } of await readUsers(directory)) {
    if (identity && livenessOf(identity) === "unknown") await unlink(path).catch(() => undefined);
  }
}

/** Counts a user again that may have been forgotten. */
export async function reregister(registration: Registration): Promise<void> {
  await replaceFile(registration.path, `${JSON.stringify(registration.identity)}\n`);
}

/** Forgets users that died without leaving. Only under the opener's lock. */
export async function forgetDeadUsers(directory: string): Promise<void> {
  for (const { path, identity } of await readUsers(directory)) {
    if (!identity || livenessOf(identity) === "dead") await unlink(path).catch(() => undefined);
  }
}

async function readUsers(directory: string) {
  const names = await readdir(directory).catch(() => []);
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const text = await readFile(path, "utf8").catch(() => "");
      return { path, identity: parseIdentity(parseJson(text)) };
    }),
  );
}
