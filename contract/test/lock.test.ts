import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areCompatible, jobLocks, type LockMode, objectKey } from "../src/index.ts";

const asset = (id: string) => ({ type: "asset", id });
const mode = fc.constantFrom<LockMode>("shared", "exclusive");

describe("the key of an object", () => {
  it.each([
    ["asset", "A-17", "asset/a-17"],
    ["Asset", "a-17", "asset/a-17"],
    ["asset", "cafe\u0301", "asset/caf\u00e9"],
    ["asset", "CAF\u00c9", "asset/caf\u00e9"],
  ])("of %s %s is %s", (type, id, key) => expect(objectKey({ type, id })).toBe(key));

  it("is one for all spellings of an id", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (id) => {
        const key = objectKey(asset(id));
        for (const spelling of [id.normalize("NFC"), id.normalize("NFD"), id.toLowerCase()])
          expect(objectKey(asset(spelling))).toBe(key);
      }),
    );
  });
});

describe("what a job locks", () => {
  it.each(["shared", "exclusive"] as const)("is its target, %s as its action says", (asked) =>
    expect(jobLocks(asked, asset("A"))).toEqual([{ key: "asset/a", mode: asked }]),
  );

  it("is nothing where its action locks none, or where it has no target", () => {
    expect(jobLocks("none", asset("A"))).toEqual([]);
    expect(jobLocks("exclusive", null)).toEqual([]);
    expect(jobLocks("exclusive", undefined, [])).toEqual([]);
  });

  it("is each object once, in the order of keys, in the stronger of the modes that were asked for", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("none", "shared", "exclusive" as const),
        fc.constantFrom("a", "b", "c", null),
        fc.array(fc.record({ id: fc.constantFrom("A", "a", "b", "c", "d"), mode })),
        (own, target, further) => {
          const locks = jobLocks(
            own,
            target === null ? null : asset(target),
            further.map((one) => ({ ...asset(one.id), mode: one.mode })),
          );
          const asked = [...(own !== "none" && target !== null ? [{ id: target, mode: own }] : []), ...further];
          const keys = [...new Set(asked.map(({ id }) => `asset/${id.toLowerCase()}`))].sort();
          expect(locks.map(({ key }) => key)).toEqual(keys);
          for (const { key, mode: held } of locks) {
            const modes = asked.filter(({ id }) => objectKey(asset(id)) === key).map((one) => one.mode);
            expect(held).toBe(modes.includes("exclusive") ? "exclusive" : "shared");
          }
        },
      ),
    );
  });
});

it("only those who share hold an object together", () => {
  expect(areCompatible("shared", "shared")).toBe(true);
  for (const other of ["shared", "exclusive"] as const) {
    expect(areCompatible("exclusive", other)).toBe(false);
    expect(areCompatible(other, "exclusive")).toBe(false);
  }
});
