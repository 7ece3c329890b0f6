import type { ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { childEnvironment } from "./child-environment.ts";
import { type Conversation, createConversation } from "./conversation.ts";
import { died, type HostKill, type IsolatedOutcome, outcomeOf } from "./ending.ts";
import type { IsolatedRun } from "./isolated-run.ts";
import type { IsolationOptions } from "./isolation-options.ts";
import { createLineReader, type Line } from "./line-reader.ts";
import { createLogLines, type LogLevel, type LogLines, MAX_LINE_BYTES } from "./log-lines.ts";
import { watchMemory } from "./memory-watch.ts";
import { type FinalMessage, type HostMessage, MAX_MESSAGE_BYTES } from "./message.ts";
import { throttle } from "./throttle.ts";
import { watchTime } from "./time-watch.ts";

// The process runs the compiled file, also when this one was loaded as source.
const MAIN = fileURLToPath(new URL("../../../dist/engine/isolation/child/main.js", import.meta.url));
const HEAP_IS_FULL = /FATAL ERROR: .*heap out of memory|FATAL ERROR: .*invalid table size/i;
/** How long pipes are still read after the process ended, when one that left its group keeps them open. */
const DRAIN_MS = 1_000;
/** Each line costs its reader some time, however short it is: counted as so many bytes. */
const LINE_COST = 64;
const MESSAGE_COST = 1_024;

/** The process of one attempt, from its start to its end. */
export class IsolatedProcess {
  /** How it ended. Never rejects. */
  readonly ended: Promise<IsolatedOutcome>;
  readonly #child: ChildProcess;
  readonly #run: IsolatedRun;
  readonly #options: IsolationOptions;
  readonly #logLines: LogLines;
  readonly #conversation: Conversation;
  readonly #askedAt: number;
  #final: FinalMessage | undefined;
  #hostKill: HostKill | undefined;
  #isLoaded = false;
  #isHeapFull = false;
  #isGone = false;

  constructor(run: IsolatedRun, options: IsolationOptions) {
    // First of all: a context that cannot be carried must not leave a process behind.
    const context = serialize(run.context).toString("base64");
    this.#run = run;
    this.#options = options;
    this.#askedAt = options.monotonic();
    this.#logLines = createLogLines(options.monotonic, run.onLog);
    this.#child = spawnChild(run, options);
    this.#conversation = createConversation(run, this.#logLines, {
      send: (message) => this.#send(message),
      onLoaded: () => this.#noteLoaded(),
      onFinal: (message) => {
        this.#final = message;
        this.#killGroup();
      },
      onNonsense: (why) =>
        this.kill({
          code: "handler_killed",
          message: `The handler's process was ended: it sent a wrong message; ${why}.`,
        }),
    });
    this.ended = this.#live(context);
  }

  /** Ends the process and its group at once. The first reason counts, unless the handler has said how it ended. */
  kill(reason: HostKill): void {
    this.#hostKill ??= reason;
    this.#killGroup();
  }

  async #live(context: string): Promise<IsolatedOutcome> {
    const stops = this.#attach();
    const { module, type, entry } = this.#run;
    this.#send({ kind: "start", module, type, context, ...(entry === undefined ? {} : { entry }) });
    const onAbort = () => this.#send({ kind: "abort", reason: reasonOf(this.#run.signal) });
    const onKill = () =>
      this.kill({ code: "handler_killed", message: "The handler's process was ended: its attempt has been given up." });
    this.#run.signal.addEventListener("abort", onAbort);
    this.#run.kill?.addEventListener("abort", onKill);
    if (this.#run.signal.aborted) onAbort();

    const end = await this.#exited();
    for (const stop of stops) stop();
    this.#run.signal.removeEventListener("abort", onAbort);
    this.#run.kill?.removeEventListener("abort", onKill);
    await this.#conversation.settled();
    this.#logLines.end();
    if ("error" in end)
      return died("handler_start_failed", `The handler's process could not be started: ${end.error.message}`);
    return outcomeOf({
      final: this.#final,
      hostKill: this.#hostKill,
      isLoaded: this.#isLoaded,
      exitCode: end.exitCode,
      signal: end.signal,
      isHeapFull: this.#isHeapFull,
    });
  }

  /** Reads its three pipes and watches its memory; answers what must be stopped when it has ended. */
  #attach(): (() => void)[] {
    const { stdout, stderr } = this.#child;
    const channel = this.#channel();
    const logger = (level: LogLevel) => (line: Line) => this.#logLines.add(level, line.bytes.toString("utf8"));
    const onError = (line: Line) => {
      if (HEAP_IS_FULL.test(line.bytes.toString("utf8"))) this.#isHeapFull = true;
      logger("warn")(line);
    };
    const stops = [
      ...(stdout === null ? [] : [this.#read(stdout, MAX_LINE_BYTES, LINE_COST, logger("info"))]),
      ...(stderr === null ? [] : [this.#read(stderr, MAX_LINE_BYTES, LINE_COST, onError)]),
      ...(channel === null ? [] : [this.#read(channel, MAX_MESSAGE_BYTES, MESSAGE_COST, this.#conversation.hear)]),
    ];
    return [...stops, ...this.#limit()];
  }

  /** Ends the process when it takes more than it may; answers what must be stopped when it has ended. */
  #limit(): (() => void)[] {
    const stops: (() => void)[] = [];
    const { pid } = this.#child;
    const { memoryMiB: limitMiB, timeLimitMs } = this.#run;
    if (timeLimitMs !== null) {
      const message = `The handler's process was ended: it lived for longer than its limit of ${timeLimitMs} ms.`;
      const end = () => this.kill({ code: "handler_out_of_time", message });
      stops.push(watchTime(timeLimitMs, this.#options, end).stop);
    }
    if (pid === undefined || limitMiB === null) return stops;
    const watch = watchMemory({ pid, limitMiB }, this.#options, (held) =>
      this.kill({
        code: "handler_out_of_memory",
        message: `The handler's process was ended: it held ${Math.round(held)} MiB of memory; its limit is ${limitMiB} MiB.`,
      }),
    );
    return [...stops, watch.stop];
  }

  #read(stream: Readable, maxBytes: number, lineCost: number, onLine: (line: Line) => void): () => void {
    const lines = createLineReader(maxBytes, onLine);
    const brake = throttle(stream, this.#options);
    stream.on("data", (chunk: Buffer) => brake.spend(chunk.length + lines.push(chunk) * lineCost));
    // A pipe to a process that has just died breaks; its end is told by the process itself.
    stream.on("error", () => undefined);
    return () => {
      brake.end();
      stream.destroy();
      lines.end();
    };
  }

  /** Waits for its end, and for what it wrote before. */
  #exited(): Promise<{ readonly exitCode: number | null; readonly signal: string | null } | { readonly error: Error }> {
    return new Promise((resolve) => {
      this.#child.on("error", (error) => {
        if (this.#child.pid === undefined) resolve({ error });
      });
      this.#child.on("exit", (exitCode, signal) => {
        // What it started in its group ends with it, however it ended.
        this.#killGroup();
        this.#isGone = true;
        const end = { exitCode, signal };
        const deadline = this.#options.timers.after(DRAIN_MS, () => resolve(end));
        this.#child.on("close", () => {
          deadline.cancel();
          resolve(end);
        });
      });
    });
  }

  #noteLoaded(): void {
    if (this.#isLoaded || this.#child.pid === undefined) return;
    this.#isLoaded = true;
    const startupMs = this.#options.monotonic() - this.#askedAt;
    this.#options.onStarted?.({ type: this.#run.type, pid: this.#child.pid, startupMs });
  }

  #killGroup(): void {
    // Once its leader is gone the number of the group may be given to somebody else.
    if (this.#child.pid === undefined || this.#isGone) return;
    try {
      this.#options.killGroup(this.#child.pid);
    } catch {
      // Nobody is left in the group.
    }
  }

  #channel(): Duplex | null {
    return (this.#child.stdio[3] as Duplex | null | undefined) ?? null;
  }

  #send(message: HostMessage): void {
    const channel = this.#channel();
    if (channel?.writable) channel.write(`${JSON.stringify(message)}\n`);
  }
}

function spawnChild(run: IsolatedRun, options: IsolationOptions): ChildProcess {
  const heap = run.memoryMiB === null ? [] : [`--max-old-space-size=${run.memoryMiB}`];
  return options.spawn(process.execPath, [...heap, MAIN, String(process.pid)], {
    // A group of its own, so that what it starts can be ended with it, and Ctrl-C at the node does not reach it.
    detached: true,
    shell: false,
    env: childEnvironment(options.variables),
    // The fourth is the channel. Not Node's own IPC: that takes messages of any size, as fast as they come.
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
}
