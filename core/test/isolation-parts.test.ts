import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { childEnvironment } from "../src/engine/isolation/child-environment.ts";
import { describeError } from "../src/engine/isolation/describe-error.ts";
import { type Ending, outcomeOf } from "../src/engine/isolation/ending.ts";
import { createLineReader } from "../src/engine/isolation/line-reader.ts";
import { cleanLine, createLogLines } from "../src/engine/isolation/log-lines.ts";
import { heldMiB, watchMemory } from "../src/engine/isolation/memory-watch.ts";
import { throttle } from "../src/engine/isolation/throttle.ts";
import { watchTime } from "../src/engine/isolation/time-watch.ts";

/** Waits that a test lets pass. */
function aClock() {
  let now = 0;
  const waits = new Set<{ at: number; call: () => void }>();
  return {
    monotonic: () => now,
    waiting: () => waits.size,
    timers: {
      after: (ms: number, call: () => void) => {
        const wait = { at: now + ms, call };
        waits.add(wait);
        return { cancel: () => void waits.delete(wait) };
      },
    },
    pass: (ms: number) => {
      now += ms;
      for (const wait of [...waits].filter(({ at }) => at <= now)) {
        waits.delete(wait);
        wait.call();
      }
    },
  };
}

describe("lines", () => {
  const read = (maxBytes: number, ...chunks: string[]) => {
    const lines: string[] = [];
    const reader = createLineReader(maxBytes, ({ bytes, isCut }) => lines.push(`${bytes}${isCut ? "!" : ""}`));
    const counts = chunks.map((chunk) => reader.push(Buffer.from(chunk)));
    const beforeEnd = lines.length;
    reader.end();
    return { lines, counts, beforeEnd };
  };

  test("come out whole, however the stream was cut", () => {
    const whole = ["ab", "", "c", "d"];
    expect(read(10, "ab\n\nc\nd").lines).toEqual(whole);
    expect(read(10, ..."ab\n\nc\nd").lines).toEqual(whole);
    expect(read(10, "ab\n\nc\nd").counts).toEqual([3]);
  });

  test("a line of exactly the limit is whole; a longer one is given at once, cut, and its rest is passed over", () => {
    expect(read(3, "abc\nd\n").lines).toEqual(["abc", "d"]);
    expect(read(3, "ab", "cd", "ef\ng\n").lines).toEqual(["abc!", "g"]);
    expect(read(3, "abcd")).toMatchObject({ lines: ["abc!"], beforeEnd: 1 });
    expect(read(3, "abc", "d", "\n", "x\n").lines).toEqual(["abc!", "x"]);
  });

  test("of a log are clean: no NUL, no lone surrogate, no half character, at most 8 KiB", () => {
    expect(cleanLine("a\0b\r")).toBe("a\ufffdb");
    expect(cleanLine("a\ud800b")).toBe("a\ufffdb");
    expect(Buffer.byteLength(cleanLine("€".repeat(8_000)))).toBe(8_190);
    expect(cleanLine("€".repeat(8_000))).toBe("€".repeat(2_730));
    expect(cleanLine("x".repeat(8_192))).toHaveLength(8_192);
  });

  test("of a log pass in a burst of a thousand, then at a hundred a second, and the others are counted", () => {
    const clock = aClock();
    const seen: string[] = [];
    const lines = createLogLines(clock.monotonic, (_level, message) => seen.push(message));
    for (let n = 0; n < 1_500; n += 1) lines.add("info", "x");
    expect(seen).toHaveLength(1_000);
    clock.pass(50);
    for (let n = 0; n < 10; n += 1) lines.add("info", "y");
    expect(seen.slice(1_000)).toEqual([expect.stringMatching(/^500 log lines were left out/), "y", "y", "y", "y", "y"]);
    lines.end();
    lines.end();
    expect(seen.slice(1_006)).toEqual([expect.stringMatching(/^5 log lines were left out/)]);
  });
});

describe("a flood", () => {
  test("lets its stream rest until the next tenth of a second, and no longer", () => {
    const clock = aClock();
    const stream = new PassThrough();
    const brake = throttle(stream, clock);
    brake.spend(1024 * 1024);
    expect(stream.isPaused()).toBe(false);
    brake.spend(1);
    expect(stream.isPaused()).toBe(true);
    clock.pass(100);
    expect(stream.isPaused()).toBe(false);
    brake.spend(1024 * 1024);
    expect(stream.isPaused()).toBe(false);
    brake.spend(1);
    brake.end();
    expect(clock.waiting()).toBe(0);
  });
});

describe("a time limit", () => {
  test("is told of once it has passed, also when timers wake before, and never when it was stopped", () => {
    const clock = aClock();
    const timers = { after: (ms: number, call: () => void) => clock.timers.after(Math.min(ms, 1_000), call) };
    const passed: string[] = [];
    watchTime(2_500, { ...clock, timers }, () => passed.push("one"));
    const other = watchTime(2_500, { ...clock, timers }, () => passed.push("other"));
    for (const ms of [1_000, 1_000, 499]) clock.pass(ms);
    expect(passed).toEqual([]);
    other.stop();
    clock.pass(1);
    clock.pass(5_000);
    expect(passed).toEqual(["one"]);
    expect(clock.waiting()).toBe(0);
  });
});

describe("memory", () => {
  const status = (anonymous: number, shared: number, swapped: number) =>
    `Name:\tnode\nVmRSS:\t  999999 kB\nRssAnon:\t  ${anonymous} kB\nRssFile:\t  777777 kB\nRssShmem:\t  ${shared} kB\nVmSwap:\t  ${swapped} kB\n`;

  test("counts what only this process holds, swapped or not, and no mapped files", () => {
    expect(heldMiB(status(1024, 2048, 4096))).toBe(7);
    expect(heldMiB("Name:\tnode\nVmRSS:\t  2048 kB\n")).toBe(2);
    expect(heldMiB("Name:\tnode\n")).toBeUndefined();
  });

  test("is looked at until it is too much, and never again after that or after a stop", async () => {
    const clock = aClock();
    let held = 100;
    const exceeded: number[] = [];
    const seams = { ...clock, readText: async () => status(held * 1024, 0, 0) };
    const look = async () => {
      clock.pass(100);
      await new Promise((resolve) => setImmediate(resolve));
    };
    watchMemory({ pid: 1, limitMiB: 64 }, seams, (mebibytes) => exceeded.push(mebibytes));
    await look();
    held = 160;
    await look();
    expect(exceeded).toEqual([]);
    held = 161;
    await look();
    expect(exceeded).toEqual([161]);
    expect(clock.waiting()).toBe(0);

    const stopped = watchMemory({ pid: 1, limitMiB: 64 }, seams, (mebibytes) => exceeded.push(mebibytes));
    stopped.stop();
    await look();
    expect(exceeded).toEqual([161]);
  });

  test("is not watched where the system does not tell", async () => {
    const clock = aClock();
    const readText = () => Promise.reject(new Error("ENOENT"));
    watchMemory({ pid: 1, limitMiB: 64 }, { ...clock, readText }, () => expect.unreachable());
    clock.pass(100);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.waiting()).toBe(0);
  });
});

describe("the end of a process", () => {
  const ending: Ending = {
    final: undefined,
    hostKill: undefined,
    isLoaded: true,
    exitCode: null,
    signal: "SIGKILL",
    isHeapFull: false,
  };
  const hostKill = { code: "handler_out_of_memory", message: "too much" } as const;

  test.each<[string, Partial<Ending>, object]>([
    [
      "what it said counts more than how it died",
      { final: { kind: "returned", value: 1 }, hostKill },
      { kind: "returned", value: 1 },
    ],
    ["then why the host ended it", { hostKill, isLoaded: false }, { kind: "died", ...hostKill }],
    ["then a full heap", { signal: "SIGABRT", isHeapFull: true, isLoaded: false }, { code: "handler_out_of_memory" }],
    ["then whether it had begun", { isLoaded: false }, { code: "handler_start_failed" }],
    ["a signal", {}, { code: "handler_killed" }],
    ["an exit", { signal: null, exitCode: 0 }, { code: "handler_exited" }],
    [
      "a failed start that it told",
      { final: { kind: "not_startable", message: "no" } },
      { code: "handler_start_failed", message: "no" },
    ],
  ])("%s", (_what, changes, expected) => {
    expect(outcomeOf({ ...ending, ...changes })).toMatchObject(expected);
  });
});

describe("an error", () => {
  test("is described whatever was thrown", () => {
    expect(describeError(undefined)).toEqual({ code: "handler_failed", message: "undefined" });
    expect(describeError({ code: 7, reason: "x" })).toEqual({
      code: "handler_failed",
      message: '{"code":7,"reason":"x"}',
    });
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    );
    expect(describeError(hostile)).toMatchObject({ code: "handler_failed" });
  });

  test("is bounded in all its parts, in a circle of causes too", () => {
    const error = Object.assign(new Error("m".repeat(100_000)), { code: "c".repeat(1_000), data: "d".repeat(100_000) });
    error.cause = error;
    const described = describeError(error);
    expect(described.code).toHaveLength(100);
    expect(described.message).toHaveLength(8_192);
    expect(described.stack).toHaveLength(32_768);
    expect(described.data).toBeUndefined();
    expect(describeError(Object.assign(new Error("x"), { data: { at: new Date(0) } })).data).toEqual({
      at: "1970-01-01T00:00:00.000Z",
    });
  });
});

describe("the environment", () => {
  test("holds the names of the list, and nothing that only looks like them", () => {
    const given = {
      PATH: "/bin",
      HOME: "/h",
      LANG: "C",
      LC_TIME: "C",
      TZ: "UTC",
      TMPDIR: "/t",
      CALLSHEET_MEDIA_ROOTS: "/m",
    };
    const others = {
      PATHS: "x",
      path: "x",
      PGHOST: "x",
      DATABASE_URL: "x",
      NODE_OPTIONS: "x",
      LCX: "x",
      CALLSHEET_DATA: "x",
      HOME2: undefined,
    };
    expect(childEnvironment({ ...others, ...given })).toEqual(given);
    expect(childEnvironment({ PATH: undefined })).toEqual({});
  });
});
