import fc from "fast-check";
import { expect, test } from "vitest";
import { freeingAlone } from "../../src/store/objects.ts";
import { textArray } from "../../src/store/statement.ts";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();
const texts = () =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab/{},\"\\' \n", "null", "é", "\u{ff5e}", "\u{1f3ac}"), maxLength: 8 }),
    fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.replaceAll("\0", "").toWellFormed()),
  );

const one = async <Row extends object>(text: string, values: readonly unknown[]) =>
  (await file.get().db.query<Row>({ text, values })).rows[0]!;

test("the server reads texts as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(texts()), { maxLength: 12 }), async (written) => {
      expect(await one("select $1::text[] as read", [textArray(written)])).toEqual({ read: written });
    }),
    { examples: [[[]], [[null, "null", "NULL", ""]], [['"', "\\", '\\"', "{a,b}"]]], numRuns: 300 },
  );
});

test("objects are freed in the order in which the server sorts their keys", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(texts(), { minLength: 1, maxLength: 12 }), async (keys) => {
      const [freeing] = freeingAlone(keys.map((key) => ({ key, token: "1" })));
      const text = `select array(select k from unnest($1::text[]) as k order by k collate "C") = $1::text[] as sorted`;
      expect(await one(text, [freeing!.values[0]])).toEqual({ sorted: true });
    }),
    { examples: [[["\u{ff5e}", "\u{1f3ac}", "z"]]], numRuns: 300 },
  );
});
