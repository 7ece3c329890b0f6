import { defaultDataDir } from "@callsheet/postgres";
import { expect, it } from "vitest";
import { chooseDatabase, describeDatabase } from "../src/database-option.ts";

const DATABASE_URL = "postgres://ada:secret@db.example:5433/media";

it("the directory that is asked for goes before DATABASE_URL, and that before a folder of the user's data", () => {
  expect(chooseDatabase("/data", "demo", { DATABASE_URL })).toEqual({ dataDir: "/data" });
  expect(chooseDatabase(undefined, "demo", { DATABASE_URL })).toEqual({ databaseUrl: DATABASE_URL });
  for (const variables of [{}, { DATABASE_URL: "" }]) {
    expect(chooseDatabase(undefined, "demo", variables)).toEqual({ dataDir: `${defaultDataDir({})}/demo` });
  }
});

it("a password is never shown", () => {
  expect(describeDatabase({ databaseUrl: DATABASE_URL })).toBe("PostgreSQL of DATABASE_URL on db.example:5433");
  expect(describeDatabase({ databaseUrl: "host=x password=secret" })).toBe("PostgreSQL of DATABASE_URL");
  expect(describeDatabase({ dataDir: "/data" })).toBe("private PostgreSQL in /data");
});
