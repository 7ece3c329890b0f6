import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capabilitiesOf } from "../../src/ffmpeg/capability.ts";
import { FAILURES } from "../../src/index.ts";
import { mediaProbeWith } from "../../src/media-probe.ts";
import { mediaProxyWith } from "../../src/media-proxy.ts";
import type { MediaSetting } from "../../src/media-setting.ts";
import { presetOf } from "../../src/presets.ts";
import { neededBy } from "../../src/transcode-arguments.ts";
import { found } from "../ffmpeg/found.ts";
import { ownDirectory, SAMPLES, sample } from "../samples.ts";
import { type HostilePath, makeCorpus, makeWhole } from "./corpus.ts";

const CANARY = "CANARY-0d1f-nobody-may-see-this";
const own = await ownDirectory();
const [root, made] = [join(own, "root"), join(own, "made")];

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
});

interface Ended extends HostilePath {
  readonly state: string;
  readonly code: string | undefined;
  /** All that is stored of the job and told about it. */
  readonly told: string;
}

describe.runIf(found !== undefined)(
  "hostile files and names, each as a job of a node that works on others as well",
  () => {
    let database: TestDatabase;
    let ended: readonly Ended[];
    let innocent: string;
    let troubles: readonly unknown[];

    beforeAll(async () => {
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      const secret = join(own, "secret");
      await Promise.all([mkdir(root), mkdir(made), writeFile(secret, CANARY.repeat(2_000))]);
      const { port } = server.address() as { readonly port: number };
      const corpus = await makeCorpus(
        { root, secret, url: `http://127.0.0.1:${port}` },
        await makeWhole(found!.path, own),
      );
      database = await openTestDatabase();
      ({ ended, innocent, troubles } = await workThrough(database, corpus));
    }, 120_000);
    afterAll(async () => {
      server.close();
      await database?.close();
    });

    it("are sixty and more", () => expect(ended.length).toBeGreaterThan(60));

    it("end each with a code and a sentence, or with a film", () => {
      const wrong = ended.filter(({ ends, state, code }) => !ends.some((one) => one === (code ?? state)));
      expect(wrong.map(({ path, state, code, told }) => ({ path, state, code, told }))).toEqual([]);
      for (const { code, state } of ended) expect(state === "completed" || FAILURES.includes(code as never)).toBe(true);
    });

    it("make nobody ask an address", () => expect(connections).toBe(0));

    it("show nothing of a file that may not be read, in no result, message, log or output", async () => {
      expect(ended.filter(({ told }) => told.includes("CANARY"))).toEqual([]);
      const outputs = await readdir(made, { recursive: true });
      expect(outputs.length).toBeGreaterThan(10);
      for (const name of outputs) expect((await readFile(join(made, name))).includes("CANARY")).toBe(false);
    });

    it("leave nothing behind but whole films", async () => {
      const completed = ended.filter(({ state }) => state === "completed").length;
      expect(await readdir(made)).toHaveLength(completed + 1);
    });

    it("do no harm to another job, nor to the node", () => {
      expect(innocent).toBe("completed");
      expect(troubles).toEqual([]);
    });
  },
);

/** Works on all paths and one harmless film with one node. */
async function workThrough(database: TestDatabase, corpus: readonly HostilePath[]) {
  const setting: MediaSetting = { roots: () => [root, SAMPLES], outputRoots: () => [made], ffmpeg: () => found?.path };
  const type = mediaProxyWith(setting);
  const troubles: unknown[] = [];
  await using cs = await database.open({ onError: (...trouble) => void troubles.push(trouble) });
  await cs.actions.put({ name: "proxy", type });
  const create = (path: string, output: string) =>
    cs.jobs.create("proxy", { configuration: { path, output, height: 36 } });
  const jobs = await Promise.all(corpus.map(({ path }, index) => create(path, join(made, `${index}%d -i.mp4`))));
  const other = await create(sample("dog.mp4"), join(made, "dog.mp4"));
  const capabilities = capabilitiesOf(found, neededBy(presetOf("proxy-h264")));
  await cs.work({ name: "node", slots: 3, types: [type, mediaProbeWith(setting)], capabilities });
  const ended: Ended[] = [];
  for (const [index, { path, ends }] of corpus.entries()) {
    const job = await cs.jobs.wait(jobs[index]!);
    const lines = await cs.jobs.log(jobs[index]!);
    const code = job.error?.code;
    ended.push({ path, ends, state: job.state, code, told: JSON.stringify([job.result, job.error, lines]) });
  }
  return { ended, innocent: (await cs.jobs.wait(other)).state, troubles };
}
