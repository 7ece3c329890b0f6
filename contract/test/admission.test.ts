import { describe, expect, it } from "vitest";
import { type AdmissionDecision, type AdmissionRequest, decideAdmission } from "../src/model/admission.ts";
import type { Owner } from "../src/model/fairness.ts";
import type { Level } from "../src/model/priority.ts";
import { BEHIND_ALL, shareOf, turnOf } from "../src/model/turn.ts";

const STEP = 600_000;
const NOW = new Date("2026-08-01T12:00:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const aJob = (id: string, level: Level, waitedMs = 0, owner: Owner = "ada") => ({
  id,
  level,
  dueAt: ago(waitedMs),
  owner,
});
const inQueue = (id: string, level: Level, waitedMs = 0, owner: Owner = "ada") => ({
  ...aJob(id, level, waitedMs, owner),
  turn: turnOf(level, ago(waitedMs)),
});
/** As many jobs of one owner, each due a millisecond after the one before it. */
const some = (count: number, owner: string, waitedMs = 0) =>
  Array.from({ length: count }, (_, n) => aJob(`${owner}${n}`, 3, waitedMs - n, owner));
const decide = (request: Partial<AdmissionRequest>) =>
  decideAdmission({ now: NOW, stepMs: STEP, capacity: 10, queued: [], pending: [], ...request });
const ids = (decision: AdmissionDecision) => ({ admit: decision.admit.map(({ id }) => id), giveWay: decision.giveWay });
const byTurn = (decision: AdmissionDecision) => [...decision.admit].sort((a, b) => a.turn - b.turn).map(({ id }) => id);

describe("admission", () => {
  it("fills the queue best first: higher level, then earlier due, then smaller id", () => {
    const pending = [aJob("d", 3), aJob("c", 3, 5), aJob("b", 3), aJob("a", 2, 9), aJob("e", 6)];
    expect(ids(decide({ capacity: 4, pending }))).toEqual({ admit: ["e", "c", "b", "d"], giveWay: [] });
  });

  it("lets a worse queued job give way to a better pending one", () => {
    const decision = decide({ capacity: 2, queued: [inQueue("a", 3), inQueue("b", 2)], pending: [aJob("c", 4)] });
    expect(ids(decision)).toEqual({ admit: ["c"], giveWay: ["b"] });
  });

  it("swaps nobody for an equally good job, whatever its id", () => {
    const decision = decide({ capacity: 1, queued: [inQueue("z", 3, 7)], pending: [aJob("a", 3, 7)] });
    expect(ids(decision)).toEqual({ admit: [], giveWay: [] });
  });

  it("prefers a lowest job that waited four steps to a highest one that is due just now, and never to an urgent one", () => {
    const aged = aJob("aged", 1, 4 * STEP);
    expect(ids(decide({ capacity: 1, queued: [inQueue("new", 5)], pending: [aged] })).admit).toEqual(["aged"]);
    expect(
      ids(decide({ capacity: 1, queued: [{ ...aged, turn: turnOf(5, aged.dueAt) }], pending: [aJob("news", 6)] }))
        .giveWay,
    ).toEqual(["aged"]);
  });

  it("empties a queue whose capacity was lowered, worst first", () => {
    const queued = [inQueue("a", 3), inQueue("b", 5), inQueue("c", 1)];
    expect(ids(decide({ capacity: 1, queued }))).toEqual({ admit: [], giveWay: ["a", "c"] });
    expect(ids(decide({ capacity: 0, queued, pending: [aJob("d", 6)] })).giveWay).toEqual(["b", "a", "c"]);
    const five = (["d", "e", "f", "g", "h"] as const).map((id) => aJob(id, 6));
    expect(ids(decide({ capacity: -3, pending: five })).admit).toEqual([]);
  });

  it("asks for a new turn of a queued job that aged, and of no other", () => {
    const decision = decide({ queued: [inQueue("old", 3, STEP), inQueue("fresh", 3, 5)] });
    expect(decision.reorder).toEqual([{ id: "old", turn: turnOf(4, ago(STEP)) }]);
  });

  it("gives turns that sort as numbers for every instant and share", () => {
    const instants = [-8.64e15, 0, NOW.getTime(), 8.64e15].map((ms) => new Date(ms));
    for (const level of [1, 2, 3, 4, 5] as const) {
      for (const a of instants) for (const b of instants) expect(turnOf(6, a)).toBeLessThan(turnOf(level, b, 0));
    }
    for (const a of instants) for (const b of instants) expect(turnOf(3, a, 7)).toBeLessThan(turnOf(3, b, 8));
    expect(turnOf(6, new Date(-8.64e15), 0)).toBe(0);
    expect(turnOf(1, new Date(8.64e15))).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});

describe("owners at one level", () => {
  it("take turns, whoever came first and with however many", () => {
    const pending = [...some(6, "ada", 1_000), ...some(3, "bob")];
    expect(byTurn(decide({ pending }))).toEqual([
      "ada0",
      "bob0",
      "ada1",
      "bob1",
      "ada2",
      "bob2",
      "ada3",
      "ada4",
      "ada5",
    ]);
  });

  it("begin with the one who has fewest jobs running", () => {
    const pending = [...some(3, "ada", 1_000), ...some(3, "bob", 500), ...some(2, "eve")];
    const busy = new Map([
      ["ada", 2],
      ["bob", 1],
    ]);
    expect(byTurn(decide({ pending, busy }))).toEqual(["eve0", "bob0", "eve1", "ada0", "bob1", "ada1", "bob2", "ada2"]);
  });

  it("are charged with their jobs of higher levels", () => {
    const pending = [aJob("news", 5, 0, "ada"), ...some(2, "ada", 1_000), ...some(2, "bob")];
    expect(byTurn(decide({ pending }))).toEqual(["news", "bob0", "ada0", "bob1", "ada1"]);
  });

  it("share the bound: who has fewer gets in, and the other's last give way", () => {
    const settled = decide({ capacity: 4, pending: some(9, "ada", 1_000) }).admit;
    const queued = settled.map(({ id, turn }, n) => ({ ...aJob(id, 3, 1_000 - n), turn }));
    const decision = decide({ capacity: 4, queued, pending: some(2, "bob") });
    expect(ids(decision)).toEqual({ admit: ["bob0", "bob1"], giveWay: ["ada2", "ada3"] });
  });

  it("do not change each other's turns but for those that they come to stand between", () => {
    const pending = some(800, "ada", 1_000);
    const queued = decide({ capacity: 900, pending }).admit.map(({ turn }, n) => ({ ...pending[n]!, turn }));
    const decision = decide({ capacity: 900, queued, pending: some(3, "bob") });
    expect(decision.admit.map(({ id }) => id)).toEqual(["bob0", "bob1", "bob2"]);
    expect(decision.reorder.map(({ id }) => id)).toEqual(["ada0", "ada1", "ada2"]);
  });

  it("far behind the others are moved seldom: when jobs start, a few of hundreds get other turns", () => {
    const pending = [...some(400, "ada", 1_000), ...some(400, "bob", 1_000)];
    const admitted = new Map(decide({ capacity: 900, pending }).admit.map(({ id, turn }) => [id, turn]));
    const queued = pending.slice(1).map((job) => ({ ...job, turn: admitted.get(job.id)! }));
    const { reorder } = decide({ capacity: 900, queued, busy: new Map([["bob", 1]]) });
    expect(reorder.length).toBeGreaterThan(0);
    expect(reorder.length).toBeLessThan(50);
  });
});

describe("the share of an owner", () => {
  it("is exact near the front, then in steps that double, and never as far as where nobody competes", () => {
    expect([0, 1, 15, 16, 31, 32, 63, 64].map(shareOf)).toEqual([0, 1, 15, 16, 16, 17, 17, 18]);
    expect(shareOf(Number.MAX_SAFE_INTEGER)).toBeLessThan(BEHIND_ALL);
  });
});
