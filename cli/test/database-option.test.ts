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

it("a password is never shown", () => {
  expect(describeDatabase({ databaseUrl: DATABASE_URL })).toBe("PostgreSQL of DATABASE_URL on db.example:5433");
  expect(describeDatabase({ databaseUrl: "host=x password=secret" })).toBe("PostgreSQL of DATABASE_URL");
  expect(describeDatabase({ dataDir: "/data" })).toBe("private PostgreSQL in /data");
});
