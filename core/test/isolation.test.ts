import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { callsheetError, isOutcome } from "@callsheet/contract";
import { afterEach, describe, expect, test } from "vitest";
import {
  createIsolationHost,
  type IsolatedOutcome,
  type IsolatedRun,
  type IsolationHost,
  type IsolationOptions,
} from "../src/engine/isolation/host.ts";
import { until } from "../src/testing/until.ts";
import { seams } from "./fixtures/isolation/seams.mjs";

const fixture = (name: string) => new URL(`./fixtures/isolation/${name}`, import.meta.url).href;
const HANDLERS = fixture("handlers.mjs");
const opened: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function aHost(changes: Partial<IsolationOptions> = {}): IsolationHost {
  const host = createIsolationHost({ ...seams, ...changes });
  opened.push(host);
  return host;
}

interface Seen {
  readonly logs: [level: string, message: string][];
  readonly progress: [percent: number, message: string | null, stats: unknown][];
  readonly outcome: Promise<IsolatedOutcome>;
}

function start(
  type: string,
  changes: Partial<IsolatedRun> & { readonly configuration?: unknown } = {},
  host = aHost(),
): Seen {
  const seen = { logs: [] as Seen["logs"], progress: [] as Seen["progress"] };
  const { configuration = {}, ...rest } = changes;
  const job = { id: "job-1", action: "make", type, owner: "ada", tags: ["a"], retries: 2, isFresh: false };
  const outcome = host.run({
    module: HANDLERS,
    type,
    memoryMiB: null,
    timeLimitMs: null,
    context: {
      job,
      configuration,
      target: { type: "asset", id: "A-17" },
      attempt: 3,
      fencing: "7",
      variables: { count: { n: 1 } },
    },
    signal: new AbortController().signal,
    onProgress: (...told) => void seen.progress.push(told),
    onLog: (...line) => void seen.logs.push(line),
    setVariable: async () => undefined,
    asset: () => Promise.reject(new Error("no asset here")),
    workspace: async () => "/made/for/this/attempt",
    publish: async (_, destination) => destination,
    undo: async () => undefined,
    ...rest,
  });
  return { ...seen, outcome };
}

function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") ?? true;
  } catch {
    return true;
  }
}

const pidIn = (text: string) => Number(/(\d+)\s*$/.exec(text)?.[1]);

describe("what a handler gets and gives back", () => {
  test("the context arrives as it was given, dates included, and the result comes back as JSON", async () => {
    const starts: { type: string; pid: number; startupMs: number }[] = [];
    const host = aHost({ onStarted: (one) => starts.push(one) });
    const outcome = await start("echo", { configuration: { at: new Date() } }, host).outcome;
    const { pid, ...value } = (outcome as { value: { pid: number } }).value;
    expect(value).toEqual({
      job: { id: "job-1", action: "make", type: "echo", owner: "ada", tags: ["a"], retries: 2, isFresh: false },
      isDate: true,
      target: { type: "asset", id: "A-17" },
      attempt: 3,
      all: { count: { n: 1 } },
    });
    expect(pid).not.toBe(process.pid);
    expect(starts).toEqual([{ type: "echo", pid, startupMs: expect.any(Number) }]);
    expect(starts[0]?.startupMs).toBeGreaterThan(1);
    expect(isGone(pid)).toBe(true);
  });

  test("nothing and what JSON cannot carry become null; three MiB come back whole", async () => {
    expect(await start("nothing").outcome).toEqual({ kind: "returned", value: null });
    expect(await start("a-function").outcome).toEqual({ kind: "returned", value: null });
    expect(await start("big").outcome).toEqual({ kind: "returned", value: "x".repeat(3 * 1024 * 1024) });
  });

  test.each(["too-big", "big-integer"])(
    "a result that cannot be sent (%s) is an error of the handler",
    async (type) => {
      expect(await start(type).outcome).toMatchObject({ kind: "threw", error: { code: "unstorable_result" } });
    },
  );

  test("partial and snooze are rebuilt as what they were", async () => {
    const partly = (await start("partly").outcome) as { value: unknown };
    expect(isOutcome(partly.value)).toBe(true);
    expect(partly.value).toMatchObject({ kind: "partial", output: { done: 2 } });
    expect((partly.value as { problems: unknown }).problems).toEqual([
      { path: "/a", message: "gone" },
      { message: "odd" },
    ]);
    const until = new Date("+012345-01-02T03:04:05.678Z");
    const later = (await start("later", { configuration: { until } }).outcome) as { value: unknown };
    expect(isOutcome(later.value)).toBe(true);
    expect(later.value).toMatchObject({ kind: "snooze", until });
    expect(await start("later", { configuration: { until: "never" } }).outcome).toMatchObject({ kind: "threw" });
  });

  test("progress and log lines travel; a thousand reports are thinned out and the last one counts", async () => {
    const run = start("reports");
    expect(await run.outcome).toEqual({ kind: "returned", value: null });
    expect(run.progress[0]).toEqual([0, "step 0", { n: 0 }]);
    expect(run.progress.at(-1)).toEqual([100, "step 1000", { n: 1000 }]);
    expect(run.progress.length).toBeLessThan(100);
    expect(run.logs).toEqual([
      ["info", "one"],
      ["warn", "two"],
      ["error", "three"],
    ]);
  });

  test("variables and the workspace are asked of the host, and all is stored before the outcome is told", async () => {
    let asked = 0;
    const order: string[] = [];
    const run = start("remembers", {
      workspace: async () => {
        asked += 1;
        return `/rooms/${asked}`;
      },
      setVariable: async (name, value) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push(`${name} ${JSON.stringify(value)}`);
      },
    });
    expect(await run.outcome).toEqual({
      kind: "returned",
      value: { first: "/rooms/1", second: "/rooms/1", count: { n: 2 } },
    });
    expect(order).toEqual(['count {"n":2}', "late true"]);
  });

  test("a refusal of the host reaches the handler with its code", async () => {
    const setVariable = async () => {
      throw callsheetError("stale_attempt", "Another attempt has taken over.");
    };
    const outcome = await start("refused", { setVariable }).outcome;
    expect(outcome).toMatchObject({ kind: "threw", error: { code: "seen", message: "CallsheetError: stale_attempt" } });
  });

  test("the signal aborts in the handler, also when it had aborted before the start", async () => {
    const stop = new AbortController();
    const run = start("waits", { signal: stop.signal });
    await until(() => run.logs.length > 0);
    stop.abort(new Error("asked by ada"));
    expect(await run.outcome).toEqual({ kind: "returned", value: "AbortError: asked by ada" });
    const before = await start("waits", { signal: AbortSignal.abort(new Error("long ago")) }).outcome;
    expect(before).toEqual({ kind: "returned", value: "AbortError: long ago" });
  });
});

describe("handlers that go wrong", () => {
  test.each<[string, unknown, object]>([
    ["throws-text", {}, { kind: "threw", error: { code: "handler_failed", message: "just a text" } }],
    ["throws-at-once", {}, { kind: "threw", error: { code: "handler_failed", message: "no promise at all" } }],
    ["throws-aside", {}, { kind: "threw", error: { code: "handler_failed", message: "thrown to nobody" } }],
    ["rejects-aside", {}, { kind: "threw", error: { code: "handler_failed", message: "rejected to nobody" } }],
    ["throws-afterwards", {}, { kind: "returned", value: "done" }],
    ["exits", { code: 0 }, { kind: "died", code: "handler_exited", message: expect.stringContaining("code 0") }],
    ["exits", { code: 1 }, { kind: "died", code: "handler_exited", message: expect.stringContaining("code 1") }],
    ["aborts", {}, { kind: "died", code: "handler_killed", message: expect.stringContaining("SIGABRT") }],
    [
      "dies",
      { signal: "SIGKILL" },
      { kind: "died", code: "handler_killed", message: expect.stringContaining("SIGKILL") },
    ],
    [
      "dies",
      { signal: "SIGTERM" },
      { kind: "died", code: "handler_killed", message: expect.stringContaining("SIGTERM") },
    ],
    [
      "dies",
      { signal: "SIGSEGV" },
      { kind: "died", code: "handler_killed", message: expect.stringContaining("SIGSEGV") },
    ],
  ])("%s %j is told as what it is", async (type, configuration, expected) => {
    expect(await start(type, { configuration }).outcome).toMatchObject(expected);
  });

  test("an error keeps its code, its data, its stack and the stack of its cause", async () => {
    const outcome = (await start("throws").outcome) as Extract<IsolatedOutcome, { kind: "threw" }>;
    expect(outcome.error).toMatchObject({ code: "ENOSPC", message: "cannot write", data: { path: "/x" } });
    expect(outcome.error.stack).toMatch(/cannot write[\s\S]*handlers\.mjs[\s\S]*Caused by: Error: disk is full/);
  });

  test.each<[string, string, string, string]>([
    ["a module that is not there", fixture("missing.mjs"), "echo", "missing.mjs"],
    ["a type that it does not export", HANDLERS, "unheard-of", "echo"],
    ["a module that throws", fixture("broken.mjs"), "echo", "broken while loading"],
    ["a module that exits", fixture("exiting.mjs"), "echo", "code 0"],
  ])("%s is a failed start with its reason", async (_what, module, type, reason) => {
    expect(await start(type, { module }).outcome).toEqual({
      kind: "died",
      code: "handler_start_failed",
      message: expect.stringContaining(reason),
    });
  });

  test("a process that cannot be started, and a context that cannot be sent, are failed starts", async () => {
    const missing = aHost({ spawn: (_command, args, options) => seams.spawn("/no/such/program", args, options) });
    const failed = { kind: "died", code: "handler_start_failed" };
    expect(await start("echo", {}, missing).outcome).toMatchObject({
      ...failed,
      message: expect.stringContaining("ENOENT"),
    });
    const full = aHost({
      spawn: () => {
        throw new Error("spawn EAGAIN");
      },
    });
    expect(await start("echo", {}, full).outcome).toMatchObject({
      ...failed,
      message: expect.stringContaining("EAGAIN"),
    });
    expect(await start("echo", { configuration: { call: () => 1 } }).outcome).toMatchObject(failed);
  });

  test("a handler that loops for ever holds up nobody else, and is ended when its attempt is given up", async () => {
    const host = aHost();
    const kill = new AbortController();
    const blocked = start("blocks", { kill: kill.signal }, host);
    await until(() => blocked.logs.length > 0);
    expect(await start("nothing", {}, host).outcome).toEqual({ kind: "returned", value: null });
    const grandchild = pidIn(blocked.logs[0]![1]);
    expect(isGone(grandchild)).toBe(false);
    kill.abort();
    expect(await blocked.outcome).toMatchObject({ kind: "died", code: "handler_killed" });
    await until(() => isGone(grandchild), { deadlineMs: 2_000 });
  });

  test("close ends what still runs and starts nothing more", async () => {
    const host = aHost();
    const blocked = start("blocks", {}, host);
    await until(() => blocked.logs.length > 0);
    await host.close();
    expect(await blocked.outcome).toMatchObject({ kind: "died", code: "handler_killed" });
    expect(await start("nothing", {}, host).outcome).toMatchObject({ kind: "died", code: "handler_start_failed" });
  });
});

describe("limits", () => {
  test.each(["fills-heap", "fills-buffers"])(
    "a handler that %s beyond its limit dies of it, and nobody else",
    async (type) => {
      const host = aHost();
      const stop = new AbortController();
      const other = start("waits", { memoryMiB: 64, signal: stop.signal }, host);
      await until(() => other.logs.length > 0);
      const outcome = await start(type, { memoryMiB: 64 }, host).outcome;
      expect(outcome).toMatchObject({ kind: "died", code: "handler_out_of_memory" });
      stop.abort(new Error("well"));
      expect(await other.outcome).toEqual({ kind: "returned", value: "AbortError: well" });
    },
  );

  test("what it prints becomes log lines, cut at 8 KiB", async () => {
    const run = start("talks");
    await run.outcome;
    expect(run.logs).toContainEqual(["warn", "from stderr"]);
    expect(run.logs.filter(([level]) => level === "info").map(([, message]) => message)).toEqual([
      "plain line",
      "nul \ufffd here",
      "é".repeat(4_096),
      "after the long one",
      "without an end",
    ]);
  });

  test("a flood of lines is let through in part, and the number of the others is told", async () => {
    const run = start("floods");
    expect(await run.outcome).toEqual({ kind: "returned", value: "flooded" });
    expect(run.logs.length).toBeGreaterThanOrEqual(1_000);
    expect(run.logs.length).toBeLessThan(10_000);
    const told = run.logs.map(([, message]) => Number(/^(\d+) log lines were left out/.exec(message)?.[1] ?? 0));
    const leftOut = told.reduce((sum, count) => sum + count, 0);
    const notes = told.filter((count) => count > 0).length;
    expect(run.logs.length - notes + leftOut).toBe(40_000);
  });

  test.each<[string, object]>([
    ["no JSON", { text: "hello\n" }],
    ["an unknown kind", { text: '{"kind":"drop table"}\n' }],
    ["a field too many", { text: '{"kind":"loaded","x":1}\n' }],
    ["progress beyond 100", { text: '{"kind":"progress","percent":101,"message":null,"stats":null}\n' }],
    ["an error without a code", { text: '{"kind":"threw","error":{"message":"x"}}\n' }],
    ["an instant that is none", { text: '{"kind":"snoozed","until":"soon"}\n' }],
  ])("a handler that writes %s to the channel is ended", async (_what, configuration) => {
    const message = expect.stringContaining("wrong message");
    expect(await start("babbles", { configuration }).outcome).toEqual({
      kind: "died",
      code: "handler_killed",
      message,
    });
  });

  test("a message without an end is not kept", async () => {
    const message = expect.stringContaining("wrong message");
    // No line end ever comes, so only the size can give it away.
    expect(await start("swells").outcome).toEqual({ kind: "died", code: "handler_killed", message });
  });
});

describe("what a handler's process must not have", () => {
  test("no credentials, no open files of the node, no channel for its own children", async () => {
    const file = openSync(fileURLToPath(HANDLERS), "r");
    const secrets = {
      DATABASE_URL: "canary-1",
      PGPASSWORD: "canary-2",
      PGHOST: "canary-3",
      TOKEN: "canary-4",
      NODE_OPTIONS: "--canary-5",
      callsheet_database_url: "canary-6",
    };
    const given = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", CALLSHEET_MEDIA_ROOTS: "/media" };
    const host = aHost({ variables: { ...given, ...secrets } });
    const outcome = (await start("looks-around", { memoryMiB: 256 }, host).outcome) as {
      value: Record<string, unknown>;
    };
    closeSync(file);
    expect(outcome.value.environment).toEqual(given);
    expect(JSON.stringify(outcome)).not.toContain("canary");
    expect(outcome.value.files).not.toContain(fileURLToPath(HANDLERS));
    expect(outcome.value.arguments).toContain("--max-old-space-size=256");
    expect(outcome.value.sockets).toBe(1);
    expect(outcome.value.memoryScore).toBe("1000");
  });
});

describe("processes that must not stay behind", () => {
  test("what a handler started ends with it, when it returns", async () => {
    const { value } = (await start("leaves-grandchild").outcome) as { value: number };
    expect(value).toBeGreaterThan(1);
    await until(() => isGone(value), { deadlineMs: 2_000 });
  });

  test("what a handler started ends with it, when it exits and its pipes are still open", async () => {
    const run = start("exits-with-grandchild");
    expect(await run.outcome).toMatchObject({ kind: "died", code: "handler_exited" });
    await until(() => isGone(pidIn(run.logs[0]![1])), { deadlineMs: 2_000 });
  });

  test.each<[string, string, string]>([
    ["is idle", HANDLERS, "waits"],
    ["blocks its event loop", HANDLERS, "blocks"],
    ["blocks while its module is loaded", fixture("blocked.mjs"), "blocks"],
  ])("a handler that %s is gone within 2 s of its node's kill -9", async (_what, module, type) => {
    const node = aNode(module, type);
    const line = await until(() => node.lines().find((one) => /^(waiting|blocking|loading)/.test(one)));
    const child = pidIn(node.lines()[0]!);
    expect(isGone(child)).toBe(false);
    node.process.kill("SIGKILL");
    await until(() => isGone(child), { deadlineMs: 2_000 });
    if (line.startsWith("blocking")) await until(() => isGone(pidIn(line)), { deadlineMs: 2_000 });
  });
});

function aNode(module: string, type: string): { readonly process: ChildProcess; lines(): string[] } {
  const path = fileURLToPath(fixture("node.mjs"));
  const node = spawn(process.execPath, [path, module, type], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  node.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  opened.push({ close: async () => void node.kill("SIGKILL") });
  return { process: node, lines: () => text.split("\n").slice(0, -1) };
}
