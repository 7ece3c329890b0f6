import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { ERRORS } from "@callsheet/contract";
import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";

/** A server that speaks just enough to say which version it is. */
async function aServerOfVersion(version: number, encoding = "UTF8"): Promise<string> {
  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const number = (bytes: 2 | 4, value: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return buffer;
  };
  const column = (name: string, oid: number): Buffer =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      number(4, 0),
      number(2, 0),
      number(4, oid),
      number(2, -1),
      number(4, -1),
      number(2, 0),
    ]);
  const value = (text: string): Buffer => Buffer.concat([number(4, Buffer.byteLength(text)), Buffer.from(text)]);
  const ready = message("Z", Buffer.from("I"));
  const answer = Buffer.concat([
    message("1", Buffer.alloc(0)),
    message("2", Buffer.alloc(0)),
    message("T", Buffer.concat([number(2, 2), column("version", 23), column("encoding", 25)])),
    message("D", Buffer.concat([number(2, 2), value(String(version)), value(encoding)])),
    message("C", Buffer.from("SELECT 1\0")),
    ready,
  ]);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let isStarted = false;
    socket.on("error", () => {});
    socket.on("data", () => {
      if (!isStarted) socket.write(Buffer.concat([message("R", number(4, 0)), ready]));
      else socket.write(answer);
      isStarted = true;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `postgresql://somebody@127.0.0.1:${(server.address() as { port: number }).port}/somewhere`;
}

const replaced = (url: string, part: RegExp, by: string): string => {
  expect(url).toMatch(part);
  return url.replace(part, by);
};

describe("opening", () => {
  const ROWS: readonly (readonly [
    what: string,
    url: (good: string) => string | Promise<string>,
    code: keyof typeof ERRORS,
    says: RegExp,
  ])[] = [
    ["an address where nobody listens", () => "postgresql://a:b@127.0.0.1:1/c", "database_lost", /ECONNREFUSED/],
    [
      "a name of two addresses where nobody listens",
      () => "postgresql://a:b@localhost:1/c",
      "database_lost",
      /ECONNREFUSED/,
    ],
    ["a host that does not exist", () => "postgresql://a:b@no-such-host.invalid/c", "database_lost", /no-such-host/],
    ["a socket that does not exist", () => "postgresql://a:b@%2Fno%2Fsuch%2Fplace/c", "database_lost", /ENOENT/],
    ["a wrong password", (good) => replaced(good, /:[^:@/]+@/, ":wrong@"), "database_refused", /password/],
    ["no password", (good) => replaced(good, /:[^:@/]+@/, "@"), "database_refused", /password/],
    ["a role that does not exist", (good) => replaced(good, /\/\/[^:]+:/, "//nobody:"), "database_refused", /nobody/],
    [
      "a database that does not exist",
      (good) => replaced(good, /\/[^/?]+($|\?)/, "/no_such_database$1"),
      "database_refused",
      /no_such_database/,
    ],
    ["an address that is none", () => "postgresql://a:b@host:port/c", "database_refused", /URL/],
    [
      "a list instead of an address",
      () => "host=x user=a password=b",
      "database_refused",
      /no URL but a list.*postgresql:/,
    ],
    ["a word instead of an address", () => "localhost", "database_refused", /no URL but something else/],
    ["PostgreSQL 14", () => aServerOfVersion(140_012), "database_unsupported", /PostgreSQL 14.*15 or newer/],
    ["a database in Latin-1", () => aServerOfVersion(180_000, "LATIN1"), "database_unsupported", /LATIN1/],
  ];

  test.each(ROWS)("%s fails with one clear sentence", async (_, urlOf, code, says) => {
    const { database } = await aFloor();
    const databaseUrl = await urlOf(database.url);
    const began = performance.now();
    const error = await refusal(() => Callsheet.open({ databaseUrl }));
    expect(error.message).toMatch(says);
    expect(error.message).toMatch(/^\S[^\n]{5,300}\.$/);
    expect(error).toMatchObject({ code, next: ERRORS[code].next });
    expect(error.message).not.toContain(database.url.match(/:([^:@/]+)@/)![1]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test.each([
    ["a schema that is no name", { schema: "Call Sheet;" }, "schema"],
    ["an actor that is empty", { actor: "" }, "actor"],
    ["an actor that is a number", { actor: 5 as never }, "actor"],
    ["a pool of no connections", { poolSize: 0 }, "poolSize"],
    ["a pool of a text", { poolSize: "10" as never }, "poolSize"],
  ])("with %s is refused", async (_, options, field) => {
    const { database } = await aFloor();
    const error = await refusal(() => Callsheet.open({ databaseUrl: database.url, ...options }));
    expect(error).toMatchObject({ code: "invalid_argument", details: { field } });
  });

  test("in a schema of another name has jobs of its own there", async () => {
    const { cs, database, stage } = await aFloor({}, { alone: true });
    const other = await database.open({ schema: "other_place" });
    await other.actions.put({ name: "elsewhere", type: stage.type });
    await other.work({ name: "n", types: [stage.type] });
    const job = await other.jobs.create("elsewhere");
    (await stage.nth(1)).returns(1);
    expect(await other.jobs.wait(job)).toMatchObject({ state: "completed", result: 1 });
    expect(await refusal(() => cs.jobs.get(job))).toMatchObject({ code: "job_not_found" });
    await other.close();
  });
});
