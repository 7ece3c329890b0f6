import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { settleConfiguration } from "../src/operations/configuration.ts";

const SCHEMAS = {
  none: undefined,
  "takes anything": z.looseObject({}),
  "drops what it does not know": z.object({ a: z.string().optional() }),
  "fills in": z.looseObject({ a: z.union([z.string(), z.number(), z.boolean(), z.null()]).default("filled") }),
  "changes what it reads": z.looseObject({ a: z.unknown().transform((a) => (typeof a === "string" ? a.trim() : a)) }),
};

/** The rule without a short way: what JSON makes of it is read, and what was read is kept if the schema takes it again. */
function slowly(schema: z.ZodType | undefined, defaults: object, own: object | undefined): unknown {
  const given: unknown = JSON.parse(JSON.stringify({ ...defaults, ...own }));
  if (!schema) return given;
  const read: unknown = JSON.parse(JSON.stringify(schema.parse(given)));
  return schema.safeParse(read).success ? read : given;
}

const value = fc.oneof(
  ...[fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
  ...[fc.date({ noInvalidDate: true }), fc.array(fc.string()), fc.record({ b: fc.string() })],
);
const fields = fc.dictionary(fc.constantFrom("a", "b", "c"), value, { noNullPrototype: true });

describe("the configuration that a job keeps", () => {
  test.each(Object.entries(SCHEMAS))("by a schema that %s is the same however it was found", (_, schema) => {
    fc.assert(
      fc.property(fields, fc.option(fields, { nil: undefined }), (defaults, own) => {
        let kept: string;
        try {
          kept = settleConfiguration(schema, defaults, own);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_configuration" });
          expect(() => slowly(schema, defaults, own)).toThrow();
          return;
        }
        expect(JSON.parse(kept)).toEqual(slowly(schema, defaults, own));
      }),
      { numRuns: 500 },
    );
  });
});
