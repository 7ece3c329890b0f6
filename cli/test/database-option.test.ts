import { defaultDataDir } from "@callsheet/postgres";
import { expect, it } from "vitest";
import { chooseDatabase, describeDatabase } from "../src/database-option.ts";

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
