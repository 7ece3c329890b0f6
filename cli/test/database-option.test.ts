import { defaultDataDir } from "@callsheet/postgres";
import { expect, it } from "vitest";
import { chooseDatabase, describeDatabase, holdsPassword } from "../src/database-option.ts";
import { callsheetWith } from "./command.ts";

const DATABASE_URL = "postgres://ada:secret@db.example:5433/media";

it("the directory that is asked for goes before DATABASE_URL, and that before a folder of the user's data", () => {
  expect(chooseDatabase({ dataDir: "/data" }, { DATABASE_URL }, "demo")).toEqual({ dataDir: "/data" });
  expect(chooseDatabase({}, { DATABASE_URL }, "demo")).toEqual({ databaseUrl: DATABASE_URL });
  for (const variables of [{}, { DATABASE_URL: "" }]) {
    expect(chooseDatabase({}, variables, "demo")).toEqual({ dataDir: `${defaultDataDir({})}/demo` });
  }
});

it("an address is told without user and password", () => {
  expect(describeDatabase({ databaseUrl: DATABASE_URL })).toBe("PostgreSQL at db.example:5433");
  expect(describeDatabase({ databaseUrl: "host=x password=secret" })).toBe("PostgreSQL at the address that was given");
  expect(describeDatabase({ databaseUrl: "postgres://a:b@%2Frun%2Fpg:5433/media" })).toBe("PostgreSQL at /run/pg");
  expect(describeDatabase({ dataDir: "/data" })).toBe("private PostgreSQL in /data");
});

it.each([
  [DATABASE_URL, true],
  ["postgres://ada@db.example/media?password=secret", true],
  ["postgres://ada@db.example/media", false],
  ["host=x password=secret", false],
])("%s holds a password: %s", (url, answer) => {
  expect(holdsPassword(url)).toBe(answer);
});

it("a password among the arguments is warned of, one in DATABASE_URL is not", async () => {
  const nowhere = "postgresql://ada:secret@127.0.0.1:1/media";
  const warning = "Others on this machine see the password of --database-url";
  const warned = await callsheetWith({}, "jobs", "list", "--database-url", nowhere).ended;
  expect(warned.stderr).toContain(warning);
  const quiet = await callsheetWith({ DATABASE_URL: nowhere }, "jobs", "list").ended;
  expect(quiet.stderr).not.toContain(warning);
  for (const { stderr, exitCode } of [warned, quiet]) expect([stderr.includes("secret"), exitCode]).toEqual([false, 1]);
});
