import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor, MASK } from "../../src/engine/secrets/redactor.ts";

const SECRET = 'p4ss "wörd"/+?&\\~%';
const { text, json, cut } = createRedactor([SECRET]);
const bytes = Buffer.from(SECRET);

describe("a secret is hidden", () => {
  const url = new URL("ftp://host/");
  url.password = SECRET;
  test.each([
    ["as it is", SECRET],
    ["in JSON", JSON.stringify({ a: SECRET })],
    ["in JSON in JSON", JSON.stringify(JSON.stringify([SECRET]))],
    ["in a query", `https://host/?key=${encodeURIComponent(SECRET)}`],
    ["in a query with small letters", encodeURIComponent(SECRET).replace(/%../g, (one) => one.toLowerCase())],
    ["in a form", new URLSearchParams({ key: SECRET }).toString().replaceAll("%7E", "~")],
    ["in an address", encodeURI(SECRET)],
    ["as a password of an address", url.href],
    ["in base64", bytes.toString("base64")],
    ["in base64 for addresses", bytes.toString("base64url")],
    ["in hexadecimal digits", bytes.toString("hex")],
    ["in large hexadecimal digits", bytes.toString("hex").toUpperCase()],
  ])("%s", (_, told) => {
    const hidden = text(`before ${told} after`);
    expect(hidden).toContain(MASK);
    for (const part of ["p4ss", "wörd", "dw7ZyZ", told.slice(2, -2)]) expect(hidden).not.toContain(part);
    expect(hidden.startsWith("before ") && hidden.endsWith(" after")).toBe(true);
  });

  test.each([0, 1, 2])("in base64 with %i bytes before it, as in a header of a user and a password", (count) => {
    const told = Buffer.from(`${"ada:".slice(0, count)}${SECRET}!`).toString("base64");
    const hidden = text(told);
    expect(hidden).toContain(MASK);
    expect(Buffer.from(hidden.replaceAll(MASK, ""), "base64").length).toBeLessThanOrEqual(count + 4);
  });

  test("in the texts, names and numbers of a value", () => {
    const redactor = createRedactor(["12345678"]);
    expect(redactor.json({ a12345678b: [12345678, "x", { n: 123456789, m: 1234, ok: true, no: null }] })).toEqual({
      "a***b": [MASK, "x", { n: MASK, m: 1234, ok: true, no: null }],
    });
    expect(json({ harmless: "text" })).toEqual({ harmless: "text" });
  });

  test("by lines, when it has several", () => {
    const key = "-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEE\n-----END KEY-----\n";
    const redactor = createRedactor([key]);
    expect(redactor.text(`> ${key}`)).toBe(`> ${MASK}`);
    expect(redactor.text("line 2: AAAABBBBCCCC")).toBe(`line 2: ${MASK}`);
  });

  test("where a text was cut, and only there", () => {
    expect(cut('it is p4ss "w')).toBe(`it is ${MASK}`);
    expect(cut("it is p4s")).toBe("it is p4s");
    expect(text('it is p4ss "w')).toBe('it is p4ss "w');
  });

  test("together with another that overlaps it", () => {
    const redactor = createRedactor(["abcdef", "defghi"]);
    expect(redactor.text("-abcdefghi-abcdefdefghi-")).toBe(`-${MASK}-${MASK}-`);
  });
});

test("whatever a stream is cut into, no four characters of a secret come through", () => {
  const secret = fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 4, maxLength: 30 });
  const around = fc.string({ unit: fc.constantFrom(..."xyz "), maxLength: 20 });
  const cuts = fc.array(fc.nat(300), { maxLength: 12 });
  const form = fc.constantFrom(
    (one: string) => one,
    (one: string) => Buffer.from(one).toString("hex"),
  );
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 3 }),
      around,
      around,
      cuts,
      form,
      (secrets, a, b, at, as) => {
        const told = a + secrets.map(as).join(b) + b;
        const edges = [0, ...at.map((one) => one % (told.length + 1)).sort((m, n) => m - n), told.length];
        const redact = createRedactor(secrets).stream();
        const heard = edges
          .slice(1)
          .map((end, index) => redact(told.slice(edges[index], end)))
          .join("");
        for (const one of secrets.map(as))
          for (let from = 0; from + 4 <= one.length; from += 4) expect(heard).not.toContain(one.slice(from, from + 4));
        expect(heard.replaceAll(MASK, "").length).toBeLessThanOrEqual(told.length);
      },
    ),
    { numRuns: 300 },
  );
});
