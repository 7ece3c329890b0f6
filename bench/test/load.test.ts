import { describe, expect, it } from "vitest";
import { loadBetween } from "../machine/load.mjs";

const KERNEL = { pid: 2, parent: 0, name: "kthreadd", ownUs: 0, reapedUs: 0 };

const processOf = (pid: number, parent: number, ownUs: number, reapedUs = 0) => ({
  pid,
  parent,
  name: `p${pid}`,
  ownUs,
  reapedUs,
});

const markAt = (seconds: number, ...processes: ReturnType<typeof processOf>[]) => ({
  atUs: seconds * 1e6,
  stolenUs: 0,
  processes: new Map([KERNEL, ...processes].map((one) => [one.pid, one])),
});

describe("the load of others", () => {
  it("leaves out our own processes, all below them, and the kernel's threads", () => {
    const first = markAt(0, processOf(10, 1, 0), processOf(11, 10, 0), processOf(3, 2, 0));
    const last = markAt(1, processOf(10, 1, 5e5), processOf(11, 10, 9e5), processOf(3, 2, 4e5));
    expect(loadBetween(first, last, [10])).toMatchObject({ foreign: 0, contended: false });
  });

  it("calls a run contended when others took more than a tenth of a core", () => {
    const first = markAt(0, processOf(10, 1, 0), processOf(20, 1, 7e6));
    const quiet = markAt(1, processOf(10, 1, 0), processOf(20, 1, 7.09e6));
    const busy = markAt(1, processOf(10, 1, 0), processOf(20, 1, 7.2e6));
    expect(loadBetween(first, quiet, [10]).contended).toBe(false);
    expect(loadBetween(first, busy, [10])).toMatchObject({ contended: true, busiest: { name: "p20" } });
    expect(loadBetween(first, busy, [10]).foreign).toBeCloseTo(0.2);
  });

  it("counts a child that ended in between once, and not its time before", () => {
    const first = markAt(0, processOf(20, 1, 0, 0), processOf(21, 20, 8e6));
    const last = markAt(1, processOf(20, 1, 0, 8.3e6));
    expect(loadBetween(first, last, []).foreign).toBeCloseTo(0.3);
  });

  it("counts a process that began in between", () => {
    const load = loadBetween(markAt(0), markAt(1, processOf(30, 1, 6e5)), []);
    expect(load.foreign).toBeCloseTo(0.6);
    expect(load.busiest.share).toBeCloseTo(0.6);
  });

  it("does not take the coarseness of the clock for load", () => {
    const load = loadBetween(markAt(0), markAt(0.1, processOf(30, 1, 2e4)), []);
    expect(load.contended).toBe(false);
  });
});
