import { describe, expect, it } from "vitest";
import { chooseNames, readOptions } from "../options.mjs";
import { PRIORITY_LEVELS, priorityOf } from "../systems/job.mjs";

describe("options", () => {
  it("measures every usual system in three rounds unless told", () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ command: "run", rounds: 3, limitMs: 30_000, postgres: "debian" });
    expect(options.systems).toContain("callsheet");
    expect(readOptions(["--quick"]).rounds).toBe(1);
    expect(readOptions(["--quick", "--rounds", "5"]).rounds).toBe(5);
  });

  it("refuses what it does not know", () => {
    expect(() => readOptions(["fly"])).toThrow("unknown command fly");
    expect(() => readOptions(["--rounds", "many"])).toThrow("--rounds must be a number above 0");
    expect(() => readOptions(["publish"])).toThrow("publish needs the file");
    expect(() => readOptions(["--nonsense"])).toThrow();
  });

  it("chooses by name and by star, in the order there is, and refuses a name that fits nothing", () => {
    const names = ["bulk", "drain-10k", "drain-1m", "flow"];
    expect(chooseNames(names, ["flow", "drain-*"])).toEqual(["drain-10k", "drain-1m", "flow"]);
    expect(chooseNames(names, undefined)).toEqual(names);
    expect(() => chooseNames(names, ["drian-*"])).toThrow("nothing is called drian-*");
  });
});

describe("mixed priorities", () => {
  it("are alike often and in no order", () => {
    const counts = new Array(PRIORITY_LEVELS).fill(0);
    for (let job = 0; job < 10_000; job += 1) counts[priorityOf(job)] += 1;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(100);
    expect(new Set([0, 1, 2, 3, 4, 5, 6, 7].map(priorityOf)).size).toBeGreaterThan(2);
  });
});
