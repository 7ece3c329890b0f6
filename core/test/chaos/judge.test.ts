import { describe, expect, it } from "vitest";
import { judge, judgeEffects, percentile, type Said } from "./judge.ts";

const line = (what: Said["what"], job: string, at: number, more: Partial<Said> = {}): Said => ({
  ...{ what, job, attempt: 1, pid: 1, at },
  ...more,
});
const alone = { objects: [{ id: "a", mode: "exclusive" }] };
const shared = { objects: [{ id: "a", mode: "shared" }] };
const judged = (said: readonly Said[], deadAt: Readonly<Record<string, number>> = {}) =>
  judge({ said, deadAt: new Map(Object.entries(deadAt)), stops: [{ pid: 1, at: 10, goesOnAt: 20 }], capacity: 3 });

describe("the judge of witnesses", () => {
  it("sees two hold one object, one of them alone", () => {
    const { overlaps } = judged([line("begin", "j", 1, alone), line("begin", "k", 2, shared)]);
    expect(overlaps).toEqual(["k attempt 1 and j attempt 1"]);
  });

  it("lets those be who share, who came after, and who hold something else", () => {
    const said = [
      ...[line("begin", "j", 1, shared), line("begin", "k", 2, shared), line("end", "j", 3), line("end", "k", 4)],
      ...[line("begin", "l", 5, alone), line("begin", "m", 6, { objects: [{ id: "b", mode: "exclusive" }] })],
    ];
    expect(judged(said)).toMatchObject({ overlaps: [], overdraws: [], doubled: [], refused: 0 });
  });

  it("counts an attempt until its node is declared dead, and not a moment less", () => {
    const said = [line("begin", "j", 1, alone), line("begin", "k", 10, alone)];
    expect(judged(said, { "j attempt 1": 10 }).overlaps).toEqual([]);
    expect(judged(said, { "j attempt 1": 11 }).overlaps).toHaveLength(1);
    // One that begins when its own node is dead already does not know it yet.
    expect(judged(said, { "k attempt 1": 9 }).overlaps).toEqual([]);
  });

  it("judges an attempt that says late when it began by those who began meanwhile", () => {
    const holding = { ...alone, units: 2 };
    const said = [line("begin", "k", 10, holding), line("begin", "j", 1, holding)];
    // Its process was stopped between its look at the clock and its word, until its node was dead.
    expect(judged(said, { "j attempt 1": 10 })).toMatchObject({ overlaps: [], overdraws: [], used: 2 });
    const { overlaps, overdraws } = judged(said, { "j attempt 1": 11 });
    expect([overlaps, overdraws]).toEqual([["j attempt 1 and k attempt 1"], ["j attempt 1: 4 of 3"]]);
    // Two that began meanwhile, one after the other.
    const inTurn = [
      line("begin", "k", 5, holding),
      line("begin", "l", 9, { units: 2 }),
      line("begin", "j", 1, { units: 1 }),
    ];
    expect(judged(inTurn, { "k attempt 1": 9 })).toMatchObject({ overlaps: [], overdraws: [], used: 3 });
  });

  it("sees more units in use than there are", () => {
    const said = [line("begin", "j", 1, { units: 2 }), line("begin", "k", 2, { units: 2 })];
    expect(judged(said).overdraws).toEqual(["k attempt 1: 4 of 3"]);
    expect(judged(said, { "j attempt 1": 2 }).overdraws).toEqual([]);
    expect([judged(said).used, judged(said, { "j attempt 1": 2 }).used]).toEqual([4, 2]);
  });

  it("sees the word taken of an attempt that was lost while its process stood still", () => {
    const keeps = (since: number, more: Partial<Said> = {}) => line("kept", "j", 30, { since, ...more });
    expect(judged([line("begin", "j", 9), keeps(21)]).believed).toEqual(["j attempt 1"]);
    // It was asked for before, or by an attempt that began after, or by another process.
    expect(judged([line("begin", "j", 9), keeps(9)]).believed).toEqual([]);
    expect(judged([line("begin", "j", 21), keeps(22)]).believed).toEqual([]);
    expect(judged([line("begin", "j", 9, { pid: 2 }), keeps(21, { pid: 2 })]).believed).toEqual([]);
  });

  it("sees an attempt that begins twice, and counts words that were refused", () => {
    const said = [line("begin", "j", 1), line("end", "j", 2), line("begin", "j", 3), line("refused", "j", 4)];
    expect(judged(said)).toMatchObject({ doubled: ["j attempt 1"], refused: 1 });
  });
});

describe("the judge of effects", () => {
  const effect = (what: "done" | "undone", n: number, fencing = "1", attempt = 1): Said => ({
    ...line(what, "j", 1, { n, fencing }),
    attempt,
  });
  const standing = (...said: readonly Said[]) => judgeEffects(said).standing.get("j");

  it("tells what stands in the end", () => {
    expect(standing(effect("done", 1), effect("done", 2), effect("undone", 2, "2"))).toEqual(["1/1"]);
  });

  it("lets be undone what was never done, and what was undone before", () => {
    const said = [effect("done", 1), effect("undone", 2, "2"), effect("undone", 1, "2"), effect("undone", 1, "3")];
    expect(judgeEffects(said)).toMatchObject({ wrong: [], stale: 0 });
    expect(standing(...said)).toEqual([]);
  });

  it("sees what is not undone in reverse, or not before the next attempt", () => {
    const begun = [effect("done", 1), effect("done", 2)];
    expect(judgeEffects([...begun, effect("undone", 1, "2")]).wrong).toHaveLength(1);
    expect(judgeEffects([...begun, { ...line("begin", "j", 1), attempt: 2 }]).wrong).toHaveLength(1);
    // One that begins late, on a node that was taken for dead, is no next attempt.
    const late = [{ ...line("begin", "j", 1), attempt: 2 }, effect("done", 1, "2", 2), line("begin", "j", 1)];
    expect(judgeEffects(late).wrong).toEqual([]);
  });

  it("refuses the words of whoever was overtaken", () => {
    const said = [effect("undone", 1, "2"), effect("done", 1, "1"), effect("done", 1, "3", 2)];
    expect(judgeEffects(said)).toMatchObject({ wrong: [], stale: 1 });
    expect(standing(...said)).toEqual(["2/1"]);
  });
});

it("a percentile is a value that was there", () => {
  const values = Array.from({ length: 200 }, (_, n) => 200 - n);
  expect([percentile(values, 99), percentile(values, 50), percentile([7], 99), percentile([], 99)]).toEqual([
    198, 100, 7, 0,
  ]);
});
