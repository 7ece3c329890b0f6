import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";

/** A file system of its own, which is small. Only root may make one. */
async function aSmallDisk(megabytes: number): Promise<{ readonly directory: string; grow(megabytes: number): void }> {
  const directory = await makeTemporaryDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=755`, "callsheet-test", directory]);
  onTestFinished(async () => {
    execFileSync("umount", ["-l", directory]);
    await removeTemporary(directory);
  });
  const grow = (size: number) => execFileSync("mount", ["-o", `remount,size=${size}m`, directory]);
  return { directory, grow };
}

const input = () => ({ configuration: { text: randomBytes(400_000).toString("base64") } });

test("a disk that fills up while jobs are created: a code and a sentence, and no accepted job is lost", {
  timeout: 120_000,
}, async (context) => {
  context.skip(process.getuid?.() !== 0, "only root may mount a small disk");
  const disk = await aSmallDisk(180);
  const cs = await Callsheet.open({ dataDir: `${disk.directory}/data`, onError: () => {} });
  await cs.actions.put({ name: "big", type: "big" });
  const accepted: string[] = [];
  const error = await refusal(async () => {
    for (let n = 0; n < 1_000; n++) accepted.push((await cs.jobs.create("big", input())).id);
  });
  // A table that cannot grow is refused; a server that cannot write its log ahead ends.
  expect(["database_full", "database_lost"]).toContain(error.code);
  expect(error.message).toMatch(
    /^PostgreSQL has no room left: [^\n]+\.$|^The connection to PostgreSQL was lost: [^\n]+\.$/,
  );
  expect(accepted.length).toBeGreaterThan(0);
  // The server may be in the middle of its recovery, which cannot end: it stops all the same.
  await cs.close();

  disk.grow(600);
  const again = await Callsheet.open({ dataDir: `${disk.directory}/data`, onError: () => {} });
  onTestFinished(() => again.close());
  const stored = new Set((await again.jobs.list({ limit: 1_000 })).map(({ id }) => id));
  expect(accepted.filter((id) => !stored.has(id))).toEqual([]);
  await again.jobs.create("big", input());
});

test("a table that cannot grow refuses a job with a code of its own, and takes it when there is room again", async () => {
  const { cs, create, name, database } = await aFloor({}, { alone: true });
  const run = (text: string) => database.db.query({ text, values: [] });
  await run(`create function callsheet.refuse() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = '53100'; end $$`);
  await run("create trigger refuse before insert on callsheet.job for each row execute function callsheet.refuse()");
  const full = { code: "database_full", message: "PostgreSQL has no room left: could not extend file." };
  expect(await refusal(() => create())).toMatchObject(full);
  expect(await refusal(() => cs.jobs.createMany(name, [{}, {}]))).toMatchObject(full);
  await run("drop trigger refuse on callsheet.job");
  expect(await cs.jobs.list({ action: name })).toEqual([]);
  expect(await create()).toEqual({ id: expect.any(String) });
});
