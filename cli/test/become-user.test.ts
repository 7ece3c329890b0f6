import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Callsheet, initSecretKeys } from "@callsheet/core";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { callsheetAs, callsheetWith } from "./command.ts";
import { sharedPlace } from "./shared-place.ts";
import { speaking } from "./speaking.ts";

const PLUGIN = fileURLToPath(new URL("fixtures/prying.mjs", import.meta.url));
const NOBODY = 65_534;

const place = sharedPlace();

/** The address of the test's database for users who may not enter the directory of its socket. */
async function openToAll(): Promise<string> {
  const { hostname, port: number } = new URL(place.database.url);
  const directory = decodeURIComponent(hostname);
  if (!directory.startsWith("/")) return place.database.url;
  const socket = `${directory}/.s.PGSQL.${number || 5432}`;
  const server = createServer((near) => {
    const far = connect(socket);
    for (const one of [near, far]) one.on("error", () => [near, far].map((end) => end.destroy()));
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return place.database.url.replace(/@[^/]+/, `@127.0.0.1:${port}`);
}

const needsRoot = ({ skip }: TestContext) => skip(process.geteuid?.() !== 0, "not root");

describe("callsheet work --user", () => {
  /** What a handler in a process of its own sees of a node that was started so. */
  async function seen(name: string, ...options: readonly string[]) {
    const secretKeyFile = join(place.folder, `keys of ${name}`);
    await initSecretKeys({ secretKeyFile });
    const variables = { DATABASE_URL: await openToAll(), CALLSHEET_SECRET_KEY_FILE: secretKeyFile };
    const node = speaking(callsheetWith(variables, "work", "--name", name, "--plugin", PLUGIN, ...options));
    onTestFinished(async () => {
      node.child.kill("SIGKILL");
      await node.ended;
    });
    await node.says("Takes jobs.");
    await using cs = await Callsheet.open({ databaseUrl: place.database.url, secretKeyFile });
    await cs.secrets.put(name, { value: "correct horse" });
    const action = await cs.actions.put({ name, type: "test.prying", isolation: "process", retry: { limit: 0 } });
    const job = await cs.jobs.create(action, {
      configuration: { keyFile: secretKeyFile, password: `secret://${name}` },
    });
    const { state, error, result } = await cs.jobs.wait(job);
    expect({ state, error }).toEqual({ state: "completed", error: null });
    node.child.kill("SIGTERM");
    expect((await node.ended).exitCode).toBe(0);
    return result;
  }

  it("closes a node's environment, memory and keys to what its handlers' processes read; it opens secrets all the same", async (context) => {
    needsRoot(context);
    context.skip(process.platform !== "linux", "not Linux");
    const open = { environment: "read", maps: "read", keys: "read", uid: 0 };
    expect(await seen("open")).toMatchObject({ ...open, characters: 13 });
    expect(await seen("closed", "--user", "nobody")).toEqual({
      ...{ environment: "EACCES", maps: "EACCES", keys: "EACCES", uid: NOBODY },
      ...{ home: "/nonexistent", characters: 13, workspace: true },
    });
  });

  it("is refused where nobody can become that user", async (context) => {
    needsRoot(context);
    await chmod(place.folder, 0o755);
    const address = { DATABASE_URL: "postgres://127.0.0.1:1/" };
    const told = async (run: ReturnType<typeof callsheetWith>) => {
      const { exitCode, stderr } = await run.ended;
      return [exitCode, stderr.split("\n")[0]];
    };
    expect(await told(callsheetWith(address, "work", "--user", "no-such-user"))).toEqual([
      3,
      "callsheet: This machine has no user no-such-user. (unknown_user)",
    ]);
    expect(await told(callsheetWith(address, "work", "--user", "root"))).toEqual([
      2,
      "callsheet: --user root is root. (usage)",
    ]);
    expect(await told(callsheetAs(NOBODY, { ...address, HOME: place.folder }, "work", "--user", "nobody"))).toEqual([
      2,
      "callsheet: --user nobody: only root can become another user. (usage)",
    ]);
    expect(
      await told(callsheetWith({}, "start", "--data-dir", join(place.folder, "data"), "--user", "nobody")),
    ).toEqual([2, "callsheet: --user is for a database with an address: a private server is its owner's. (usage)"]);
  });
});
