import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { exportDatabase, importDatabase } from "../../src/index.ts";
import { shippedMigrations } from "../../src/store/migrate.ts";
import { aJob, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { altered, aSink, contents, exported, imported } from "../fixtures/archive.ts";
import { aType, refusal } from "../fixtures/floor.ts";

async function aDatabase(jobs = 0): Promise<TestDatabase> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  for (let n = 0; n < jobs; n++) await aJob(database, { configuration: { n } });
  return database;
}

describe("an import is refused, and leaves everything as it was,", () => {
  const replaced = (from: RegExp | string, to: string) => (lines: readonly string[]) =>
    lines.map((line) => line.replace(from, to));
  const CHANGES: readonly (readonly [string, (archive: Buffer) => Buffer, RegExp])[] = [
    ["of a file that is no archive at all", () => Buffer.from("hello\n"), /incorrect header check/],
    ["of an empty file", () => Buffer.alloc(0), /unexpected end of file|does not begin as one/],
    ["of one that was cut off", (archive) => archive.subarray(0, archive.length - 40), /unexpected end of file/],
    ["without its end", (archive) => altered(archive, (lines) => [...lines.slice(0, -2), ""]), /it does not end/],
    [
      "in which one value is another",
      (archive) => altered(archive, replaced('"n":1', '"n":2')),
      /checksum does not fit/,
    ],
    [
      "without a row",
      (archive) => altered(archive, (lines) => lines.filter((line) => !line.includes('"n":1'))),
      /checksum/,
    ],
    [
      "that says something unknown",
      (archive) => altered(archive, replaced('["table","job"]', '["tables","job"]')),
      /nothing that is known/,
    ],
    [
      "of a table that is not there",
      (archive) => altered(archive, replaced('["table","job"]', '["table","jobs"]')),
      /no table "jobs"/,
    ],
    [
      "of a row that the server refuses",
      (archive) => altered(archive, replaced('"n":1', '"n":')),
      /invalid input syntax for type json/,
    ],
    ["of something else in gzip", (archive) => altered(archive, () => ["{}", ""]), /does not begin as one/],
  ];

  test.each(CHANGES)("%s", async (_, change, message) => {
    const [source, target] = [await aDatabase(3), await aDatabase()];
    const before = await contents(target.db);
    const archive = change(await exported(source.url));
    const error = await refusal(() => imported(target.url, archive));
    expect(error).toMatchObject({ code: "export_unreadable", message: expect.stringMatching(message) });
    expect(await contents(target.db)).toEqual(before);
  });

  test("of a file that fails while it is read", async () => {
    const target = await aDatabase();
    const from = new Readable({
      read: () => void from.destroy(Object.assign(new Error("the disk is gone"), { code: "EIO" })),
    });
    const error = await refusal(() => importDatabase({ databaseUrl: target.url, from }));
    expect(error).toMatchObject({ code: "file_failed", message: expect.stringContaining("the disk is gone") });
  });

  test("of a newer schema or format, which this version does not know", async () => {
    const [source, target] = [await aDatabase(), await aDatabase()];
    const archive = await exported(source.url);
    const newer = (from: RegExp, to: string) =>
      refusal(() => imported(target.url, altered(archive, replaced(from, to))));
    const last = shippedMigrations().at(-1)!;
    const more = `$&,{"number":9999,"name":"9999_later.sql","checksum":"x"}`;
    expect(await newer(new RegExp(`\\{"number":${last.number},[^}]*\\}`), more)).toMatchObject({
      code: "schema_newer",
      message: expect.stringContaining("9999_later.sql"),
    });
    expect(await newer(/"format":1/, '"format":2')).toMatchObject({ code: "schema_newer" });
  });

  test("by a database that somebody uses, unless it is to be replaced; and even then while nodes work on it", async () => {
    const [source, target] = [await aDatabase(3), await aDatabase(2)];
    const archive = await exported(source.url);
    expect(await refusal(() => imported(target.url, archive))).toMatchObject({ code: "database_not_empty" });
    const cs = await target.open();
    const node = await cs.work({ name: "here", types: [aType(() => null, "other")] });
    const error = await refusal(() => imported(target.url, archive, true));
    expect(error).toMatchObject({ code: "nodes_running", details: { nodes: ["here"] } });
    expect((await cs.jobs.list()).length).toBe(2);
    await node.stop();
    await target.db.query({ text: "update callsheet.node set state = 'gone'", values: [] });
    await imported(target.url, archive, true);
    expect((await contents(target.db)).job).toEqual((await contents(source.db)).job);
  });
});

describe("an export is refused", () => {
  test("where there is nothing of ours", async () => {
    const database = await aDatabase();
    await database.db.query({ text: "drop schema callsheet cascade", values: [] });
    const error = await refusal(() => exportDatabase({ databaseUrl: database.url, to: aSink().to }));
    expect(error).toMatchObject({ code: "database_refused", message: expect.stringContaining("no schema") });
  });

  test("as what it is written to fails", async () => {
    const database = await aDatabase(1);
    const { to } = aSink();
    to._write = (_chunk, _encoding, done) => done(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    expect(await refusal(() => exportDatabase({ databaseUrl: database.url, to }))).toMatchObject({
      code: "file_failed",
    });
  });
});
