import { expect, test } from "vitest";
import { Standstill } from "../../src/engine/standstill.ts";

/** When it is said that a first job stands still, of looks every 50 ms at these jobs. */
function saidAt(firstAt: (now: number) => readonly string[], untilMs: number): readonly number[] {
  const standstill = new Standstill();
  const said: number[] = [];
  for (let now = 0; now <= untilMs; now += 50) if (standstill.isSeen(firstAt(now), now)) said.push(now);
  return said;
}

test.each([
  { what: "the same", firstAt: () => ["a"], said: [250, 750, 1_250] },
  { what: "the same in one lane of two", firstAt: (now: number) => [`${now}`, "a"], said: [250, 750, 1_250] },
  { what: "another each 250 ms", firstAt: (now: number) => [`${Math.floor(now / 250)}`], said: [] },
  { what: "the same with others between", firstAt: (now: number) => (now % 200 === 0 ? ["b"] : ["a"]), said: [] },
  { what: "another each 300 ms", firstAt: (now: number) => [`${Math.floor(now / 300)}`], said: [250, 850] },
  { what: "none", firstAt: () => [], said: [] },
])("where the first job is $what it is said at $said ms", ({ firstAt, said }) => {
  expect(saidAt(firstAt, 1_300)).toEqual(said);
});
