import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPrivateServer } from "../src/index.ts";
import { readPostmasterFile } from "../src/postmaster-file.ts";
import { processesIn } from "../src/processes.ts";
import { openElsewhere } from "./opener.ts";
import { temporaryPlace } from "./place.ts";
import { query, refusal, until } from "./query.ts";

describe("the private server", { timeout: 60_000 }, () => {
  const place = temporaryPlace();

  it("starts in an empty place, keeps what was written, and is gone after its last user left", async () => {
    const options = place.options(place.shared());
    const began = performance.now();
    const first = await openPrivateServer(options);
    const firstMs = performance.now() - began;
    await query(first.url, "create table kept as select 42 as answer");
    await first.close();
    expect(processesIn(join(first.dataDir, "pg"))).toEqual([]);

    const again = performance.now();
    const second = await openPrivateServer(options);
    console.log(`first start ${Math.round(firstMs)} ms, later ${Math.round(performance.now() - again)} ms`);
    expect(await query(second.connection, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(second.version).toMatch(/^18\.\d+$/);
    await second.close();
    await second.close();
    expect(await readPostmasterFile(join(second.dataDir, "pg"))).toBe("absent");
  });

  it("is durable, in UTC and UTF-8, without TCP, and gives us an ordinary role, which may make databases", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const [facts] = await query(
      server.url,
      `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages
            , current_setting('synchronous_commit') as sync, current_setting('TimeZone') as zone
            , current_setting('server_encoding') as encoding, current_setting('listen_addresses') as tcp
            , current_setting('data_checksums') as checksums
            , (select rolsuper or rolcreaterole or rolreplication from pg_roles where rolname = current_user) as privileged
            , (select rolcreatedb from pg_roles where rolname = current_user) as makes
            , (select datlocprovider::text || ':' || datlocale from pg_database where datname = current_database()) as locale
            , (select pg_get_userbyid(datdba) = current_user from pg_database where datname = current_database()) as owns`,
    );
    expect(facts).toEqual({
      ...{ fsync: "on", pages: "on", sync: "on", zone: "UTC", encoding: "UTF8", tcp: "", checksums: "on" },
      ...{ privileged: false, makes: true, locale: "b:C.UTF-8", owns: true },
    });
    await server.close();
  });

  it("keeps durability on whatever ALTER SYSTEM says, and lets it tune the rest", async () => {
    const options = place.options(place.shared());
    const server = await openPrivateServer(options);
    const secrets = JSON.parse(await readFile(join(server.dataDir, "pg/callsheet.secrets.json"), "utf8"));
    const superuser = { ...server.connection, user: "postgres", password: secrets.superuserPassword };
    await query(superuser, "alter system set fsync = off");
    await query(superuser, "alter system set max_connections = 50");
    await server.close();
    const again = await openPrivateServer(options);
    const [facts] = await query(
      again.url,
      "select current_setting('fsync') as f, current_setting('max_connections') as m",
    );
    expect(facts).toEqual({ f: "on", m: "50" });
    await query(superuser, "alter system reset all");
    await again.close();
  });

  it("shows its passwords to nobody else", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    const modeOf = async (name: string) => ((await lstat(join(server.dataDir, name))).mode & 0o777).toString(8);
    expect(await modeOf("connection.json")).toBe("600");
    expect(await modeOf("pg")).toBe("700");
    expect(await modeOf("run")).toBe("700");
    expect(await modeOf("server.log")).toBe("600");
    expect(await modeOf("pg/callsheet.secrets.json")).toBe("600");
    await expect(query({ ...server.connection, password: "guessed" }, "select 1")).rejects.toMatchObject({
      code: "28P01",
    });
    const file = JSON.parse(await readFile(join(server.dataDir, "connection.json"), "utf8"));
    expect(file).toEqual({ ...server.connection, url: server.url });
    await server.close();
  });

  it("is shared by two openings of one process and stops with the second", async () => {
    const options = place.options(place.shared());
    const [one, two] = await Promise.all([openPrivateServer(options), openPrivateServer(options)]);
    expect(one.url).toBe(two.url);
    await one.close();
    expect(await query(two.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await two.close();
    expect(processesIn(join(two.dataDir, "pg"))).toEqual([]);
  });

  it("is started by one of several processes that open it at once, and used by all", async () => {
    const dataDir = place.dataDir();
    const openers = Array.from({ length: 4 }, () => openElsewhere(dataDir, { env: place.env() }));
    const opened = await Promise.all(openers.map((opener) => opener.saying("opened")));
    expect(new Set(opened.map((one) => one.url)).size).toBe(1);
    const pid = (await readPostmasterFile(join(dataDir, "pg"))) as { pid: number };
    for (const opener of openers.slice(1)) {
      opener.tell("close");
      await opener.ended;
    }
    expect(await readPostmasterFile(join(dataDir, "pg"))).toMatchObject({ pid: pid.pid, status: "ready" });
    openers[0]?.tell("close");
    await openers[0]?.saying("closed");
    expect(processesIn(join(dataDir, "pg"))).toEqual([]);
    expect((await readdir(dataDir)).filter((name) => name.startsWith("pg."))).toEqual([]);
  });

  it("listens on the loopback with a password where sockets are not possible, at the same port each time", async () => {
    const options = { ...place.options(place.shared()), sockets: "avoid" as const };
    const first = await openPrivateServer(options);
    expect(first.connection.host).toBe("127.0.0.1");
    await expect(query({ ...first.connection, password: "" }, "select 1")).rejects.toThrow();
    await first.close();
    const second = await openPrivateServer(options);
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(second.connection).toEqual(first.connection);
    await second.close();
  });

  it("uses a short private socket directory when its own path is too long, and removes it", async () => {
    const dataDir = join(place.dataDir(), "long".repeat(30));
    const server = await openPrivateServer(place.options(dataDir));
    expect(server.connection.host).toMatch(/^\/tmp\/callsheet-\d+-[0-9a-f]{12}$/);
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await lstat(server.connection.host)).mode & 0o777).toBe(0o700);
    await server.close();
    await expect(lstat(server.connection.host)).rejects.toThrow("ENOENT");
  });

  it("comes back by revive at the same address after its postmaster was killed", async () => {
    const server = await openPrivateServer(place.options(place.shared()));
    await query(server.url, "create table kept_too as select 7 as answer");
    const before = (await readPostmasterFile(join(server.dataDir, "pg"))) as { pid: number };
    process.kill(before.pid, "SIGKILL");
    await until(
      async () =>
        query(server.url, "select 1").then(
          () => false,
          () => true,
        ),
      "the server is gone",
    );
    await server.revive();
    expect(await query(server.url, "select answer from kept_too")).toEqual([{ answer: 7 }]);
    await server.close();
    expect(processesIn(join(server.dataDir, "pg"))).toEqual([]);
  });

  it("stops what it started when the caller gives up", async () => {
    const giveUp = new AbortController();
    const options = { ...place.options(), signal: giveUp.signal };
    // The first thing it says is that it makes the directory; the server is spawned after that, and then it waits.
    const opening = openPrivateServer({ ...options, log: () => giveUp.abort() });
    expect(await refusal(opening)).toMatchObject({ code: "aborted" });
    expect(processesIn(join(options.dataDir, "pg"))).toEqual([]);
    const { signal: _, ...patient } = options;
    await (await openPrivateServer(patient)).close();
  });
});
