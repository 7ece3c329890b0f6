import { describe, expect, it } from "vitest";
import { judge } from "../faults/judge.mjs";
import { readFaultOptions } from "../faults/options.mjs";
import { mergeOutcomes, textOf } from "../faults/page.mjs";

const created = (job: number) => ({ what: "created", job, pid: 9, at: 0 }) as const;
const begin = (job: number, run: string, pid: number, at: number) => ({ what: "begin", job, run, pid, at }) as const;
const end = (job: number, run: string, pid: number, at: number) => ({ what: "end", job, run, pid, at }) as const;

type Evidence = Parameters<typeof judge>[0];
const judged = (evidence: Partial<Evidence>) =>
  judge({ ...{ said: [], struck: [], ends: [], unfinished: [], failed: [] }, ...evidence });
const killed = { struck: [{ what: "killed", pid: 1, at: 5 }], ends: [{ pid: 1, at: 5, isOwn: false }] } as const;

describe("the judge of faults", () => {
  it("calls a job lost that was acknowledged, did not run, and is not known", () => {
    const said = [created(1), created(2), created(3), created(4), begin(4, "a", 1, 1), end(4, "a", 1, 2)];
    expect(judged({ said, unfinished: [2], failed: [3] })).toMatchObject({ created: 4, lost: 1, stuck: 1, failed: 1 });
  });

  it("does not count what was never acknowledged", () => {
    const said = [{ what: "refused", job: 1, pid: 9, at: 0 } as const];
    expect(judged({ said, unfinished: [1] })).toMatchObject({ created: 0, refused: 1, lost: 0, stuck: 0 });
  });

  it("tells two runs at once from one that began when the process of the other was gone", () => {
    const said = [begin(1, "a", 1, 1), begin(1, "b", 2, 8), end(1, "b", 2, 9)];
    expect(judged({ said }).together).toBe(1);
    expect(judged({ said, ...killed })).toMatchObject({ together: 0, again: 0 });
  });

  it("sees a job that runs again after it had ended well", () => {
    const said = [begin(1, "a", 1, 1), end(1, "a", 1, 2), begin(1, "b", 2, 3)];
    expect(judged({ said })).toMatchObject({ together: 0, again: 1 });
  });

  it("measures from the fault until what it interrupted began again, if it did", () => {
    const said = [begin(1, "a", 1, 1), begin(2, "b", 1, 2), begin(1, "c", 2, 12), end(1, "c", 2, 13)];
    const { interrupted, recovered, recoveryMs } = judged({ said, ...killed });
    expect({ interrupted, recovered, recoveryMs }).toEqual({
      ...{ interrupted: 2, recovered: 1 },
      recoveryMs: { p50: 7, p99: 7, max: 7 },
    });
  });

  it("measures a server from its return until a job began", () => {
    const said = [begin(1, "a", 1, 11), begin(2, "b", 1, 14)];
    const struck = [{ what: "restarted", at: 5, until: 10 }] as const;
    expect(judged({ said, struck }).recoveryMs).toEqual({ p50: 1, p99: 1, max: 1 });
  });

  it("adds up late words, and those that were believed", () => {
    const one = { what: "paused", pid: 1, at: 5, until: 6, late: 3 } as const;
    expect(judged({ struck: [{ ...one, believed: [4] }, one] })).toMatchObject({ late: 6, believed: 1 });
  });

  it("counts processes that ended by themselves", () => {
    const ends = [{ pid: 1, at: 5, isOwn: true }, ...killed.ends];
    expect(judged({ ends }).fallen).toBe(1);
  });
});

describe("the page of faults", () => {
  const outcome = (system: string, lease: string, fault = "killed") => ({
    ...{ system, version: "1.2", server: "PostgreSQL 15", fault, lease, words: `${lease} words`, observedMs: 1 },
    ...judged({ said: [created(1)], ...killed }),
  });
  const report = (...results: ReturnType<typeof outcome>[]) => ({
    ...{ date: "2026-01-02T03:04:05.000Z", commit: "abc1234", node: "v24.0.0", skipped: [], results },
    machine: { cpu: "Abacus", cores: 2 },
  });

  it("shows a system that has one lease only beside the others in both tables", () => {
    const text = textOf(
      report(outcome("callsheet", "usual"), outcome("elephant", "usual"), outcome("elephant", "short")),
    );
    expect(text.match(/^\| callsheet 1\.2 \| 1 \| 1 \|/gm)).toHaveLength(2);
    expect(text.match(/^\| elephant 1\.2 \| 1 \|/gm)).toHaveLength(2);
    expect(text).toContain("| elephant 1.2 | short | short words |");
  });

  it("is made of reports of one commit only", () => {
    const other = { ...report(outcome("elephant", "short")), commit: "def5678" };
    expect(mergeOutcomes([report(outcome("elephant", "usual")), report()]).results).toHaveLength(1);
    expect(() => mergeOutcomes([report(), other])).toThrow("differ in their commit");
  });
});

describe("what is asked of the faults", () => {
  it("is all of them, also when it has to be quick, which is not published", () => {
    expect(readFaultOptions([])).toMatchObject({ faults: ["killed", "paused", "restarted"], quick: false });
    expect(readFaultOptions(["--quick"])).toMatchObject({ quick: true });
    expect(() => readFaultOptions(["--quick", "--publish"])).toThrow("not published");
    expect(() => readFaultOptions(["--faults", "drowned"])).toThrow("unknown fault drowned");
  });
});
