import { expect, test } from "vitest";
import { schedule } from "../rounds.mjs";

const system = (name: string, store = "postgres", isAside = false) => ({ name, store, isAside });
const scenario = (name: string, more: object = {}) => ({ name, variants: () => [""], ...more });
const orderOf = (scenarios: readonly object[], rounds: number, systems: readonly object[]) =>
  schedule(scenarios, rounds, systems).map(
    ({ scenario: { name }, round, system: { name: of }, variant }) =>
      `${round} ${name} ${of}${variant && ` ${variant}`}`,
  );

test("a round runs every scenario before the next round runs any again, and systems change who is first", () => {
  expect(orderOf([scenario("one"), scenario("two")], 2, [system("ours"), system("peer")])).toEqual([
    ...["1 one ours", "1 one peer", "1 two ours", "1 two peer"],
    ...["2 one peer", "2 one ours", "2 two peer", "2 two ours"],
  ]);
});

test("a scenario runs with the systems that are able to, in all of its variants", () => {
  const systems = [system("ours"), system("peer", "redis"), system("library", "postgres", true)];
  const scenarios = [
    scenario("stores", { stores: ["postgres"], variants: () => ["loaded", "analysed"] }),
    scenario("named", { systems: ["library"] }),
    scenario("server", { alone: true }),
  ];
  expect(orderOf(scenarios, 1, systems)).toEqual([
    ...["1 stores ours loaded", "1 stores ours analysed", "1 named library", "1 server postgresql"],
  ]);
});
