import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../src/model/json.ts";
import { mayReferToSecrets, secretsIn, withSecrets } from "../src/model/secret.ts";

const configuration = {
  a: "secret://one",
  "secret://field": ["secret://two", { b: "secret://one", c: "x secret://three" }],
  d: [null, 1, true, "secret"],
};

describe("references to secrets", () => {
  test("are whole texts at any depth, each told once", () => {
    expect(secretsIn(configuration)).toEqual(["one", "two"]);
    expect(secretsIn("secret://alone")).toEqual(["alone"]);
    expect(secretsIn({ a: "secret://Not A Name" })).toEqual(["Not A Name"]);
  });

  test("are exchanged for their values, and all else stays as it is", () => {
    const values = new Map([
      ["one", "1"],
      ["two", "secret://one"],
    ]);
    expect(withSecrets(configuration, values)).toEqual({
      ...{ a: "1", "secret://field": ["secret://one", { b: "1", c: "x secret://three" }], d: configuration.d },
    });
    const hostile = JSON.parse('{"__proto__": {"a": "secret://one"}}');
    expect(JSON.stringify(withSecrets(hostile, values))).toBe('{"__proto__":{"a":"1"}}');
  });

  test("are never missed by the look at the text, whatever stands around them", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.string()), (value, path) => {
        const around = path.reduce<Json>((inner, name) => ({ [name]: inner }), [value as Json, "secret://name"]);
        expect(mayReferToSecrets(JSON.stringify(around))).toBe(true);
        if (secretsIn(value).length > 0) expect(mayReferToSecrets(JSON.stringify(value))).toBe(true);
      }),
    );
    expect(mayReferToSecrets('{"a":"no secret://here"}')).toBe(false);
  });
});
