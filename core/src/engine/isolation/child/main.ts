import { writeFileSync } from "node:fs";
import { deserialize } from "node:v8";
import {
  type ActionType,
  callsheetError,
  ERRORS,
  type ErrorCode,
  isOutcome,
  type JobContext,
} from "@callsheet/contract";
import { describeError } from "../describe-error.ts";
import type { EntryCall, IsolatedRun } from "../isolated-run.ts";
import type { FinalMessage, HostMessage, Refusal } from "../message.ts";
import { openChannel } from "./channel.ts";
import { createContext } from "./context.ts";
import { findType } from "./find-type.ts";
import type { ProgressReporter } from "./progress.ts";
import { startWatchdog } from "./start-watchdog.ts";

// The process of one attempt: it loads a module, runs one handler, says how that ended, and is ended by its host.
const CHANNEL = 3;
const cancelling = new AbortController();
let stage: "loading" | "running" | "over" = "loading";
let progress: ProgressReporter | undefined;

const channel = openChannel(CHANNEL, {
  onMessage: (message) => {
    if (message.kind === "start") void start(message);
    else cancelling.abort(new DOMException(message.reason, "AbortError"));
  },
  makeError: errorOf,
});
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
offerToMemoryKiller();
const watching = startWatchdog(Number(process.argv[2]));

async function start(message: Extract<HostMessage, { readonly kind: "start" }>): Promise<void> {
  try {
    await watching;
    const type = await findType(message.module, message.type);
    const data = deserialize(Buffer.from(message.context, "base64")) as IsolatedRun["context"];
    const made = createContext(data, channel, cancelling.signal);
    progress = made.progress;
    stage = "running";
    channel.send({ kind: "loaded" });
    const { entry } = message;
    if (entry === undefined) return finish(messageOf(await type.run(made.context)));
    finish(messageOf(await callEntry(type, entry, made.context)));
  } catch (error) {
    fail(error);
  }
}

async function callEntry(type: ActionType, entry: EntryCall, context: JobContext): Promise<unknown> {
  if ("handle" in entry) {
    const look = type[entry.does];
    if (look === undefined) throw new Error(`It has no ${entry.does}.`);
    return look(entry.handle, { ...context, isOverdue: entry.isOverdue });
  }
  const act = type[entry.does]?.[entry.name];
  if (act === undefined) throw new Error(`It has no ${entry.does} named "${entry.name}".`);
  return act(entry.data, context);
}

/** Says that the handler ended by an error, whether it was thrown to its caller or to nobody. */
function fail(error: unknown): void {
  const described = describeError(error);
  if (stage === "running") finish({ kind: "threw", error: described });
  else finish({ kind: "not_startable", message: (described.stack ?? described.message).slice(0, 8_192) });
}

/** Says how it ended. The first word counts; the host ends the process when it has heard it. */
function finish(message: FinalMessage): void {
  if (stage === "over") return;
  progress?.flush();
  try {
    channel.send(message);
  } catch (error) {
    const { message: why } = describeError(error);
    channel.send({
      kind: "threw",
      error: { code: "unstorable_result", message: `The result cannot be stored: ${why}` },
    });
  }
  stage = "over";
}

function messageOf(value: unknown): FinalMessage {
  // JSON has no undefined: a handler that returns nothing has the result null.
  if (!isOutcome(value)) return { kind: "returned", value: value ?? null };
  if (value.kind === "snooze") return { kind: "snoozed", until: value.until.toISOString() };
  if (value.kind === "elsewhere") return { kind: "left", handle: value.handle ?? null };
  if (value.kind === "failed") return { kind: "failed", error: describeError(value.error) };
  const problems = value.problems.map(({ path, message }) => ({
    ...(path === undefined ? {} : { path: String(path) }),
    message: String(message),
  }));
  return { kind: "partial", output: value.output ?? null, problems };
}

function errorOf(refusal: Refusal): Error {
  const { code, message, details } = refusal;
  if (code !== null && code in ERRORS) return callsheetError(code as ErrorCode, message, details);
  return new Error(message);
}

/** When the machine runs out of memory, the system ends this process before the node. */
function offerToMemoryKiller(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // A system without it chooses by itself.
  }
}
