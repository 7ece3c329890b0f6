import { expectSound, openTestDatabase, type TestDatabase } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll } from "vitest";

/** What the tests of a file share. */
export interface SharedPlace {
  readonly folder: string;
  readonly database: TestDatabase;
}

/**
 * A folder and a database for the tests of the file that asks, there from its first test to its last. Whatever they did, and
 * however many processes did it: every invariant holds at the end.
 */
export function sharedPlace(): SharedPlace {
  const place = {} as { folder: string; database: TestDatabase };
  beforeAll(async () => {
    place.folder = await makeTemporaryDirectory();
    place.database = await openTestDatabase();
  });
  afterAll(async () => {
    try {
      await expectSound(place.database);
    } finally {
      await place.database.close();
      await removeTemporary(place.folder);
    }
  });
  return place;
}
