import {
  type CallsheetError,
  callsheetError,
  type Ending,
  isOutcome,
  type JobError,
  type Json,
  LONGEST_HANDLE,
  type Outcome,
  type Partial,
  type Snooze,
} from "@callsheet/contract";
import { storableJson } from "../operations/configuration.ts";

/** How a handler's run ended, ready to be stored: `result` is JSON text. */
export interface HandlerEnd {
  readonly ending: Ending;
  readonly result: string | null;
}

/** A handler has returned, and its work goes on elsewhere: `handle` is JSON text. */
export interface Left {
  readonly handle: string;
}

export const COMPLETED: HandlerEnd = { ending: { kind: "completed" }, result: null };

/** How an attempt ends that was superseded because its node was declared dead. */
export function lateWord(name: string): HandlerEnd {
  const error = { code: "node_lost", message: `Node "${name}" was declared dead while it ran the job.` };
  return { ending: { kind: "lost", error }, result: null };
}

/** Reads what a handler returned. A result that cannot be stored fails its own job and nobody else's. */
export function endOfReturn(value: unknown): HandlerEnd | Left {
  if (value === undefined || value === null) return COMPLETED;
  try {
    if (!isOutcome(value)) return { ending: COMPLETED.ending, result: storableJson(value, "The result") };
    return endOfOutcome(value);
  } catch (error) {
    const { message } = error as CallsheetError;
    return failure("unstorable_result", message);
  }
}

function endOfOutcome(value: Outcome): HandlerEnd | Left {
  switch (value.kind) {
    case "snooze":
      return endOfSnooze(value);
    case "failed":
      return endOfThrow(value.error);
    case "elsewhere":
      return { handle: handleText(value.handle) };
    case "partial": {
      const failedPaths = value.problems.flatMap(({ path }) => (path === undefined ? [] : [path]));
      return { ending: { kind: "partial", failedPaths }, result: storableJson(partialResult(value), "The result") };
    }
  }
}

function handleText(handle: Json): string {
  const text = storableJson(handle, "The handle");
  if (Buffer.byteLength(text) <= LONGEST_HANDLE) return text;
  throw callsheetError("payload_too_large", `A handle has at most ${LONGEST_HANDLE / 1024} KiB of JSON.`);
}

function failure(code: string, message: string): HandlerEnd {
  return { ending: { kind: "failed", error: { code, message } }, result: null };
}

const partialResult = ({ output, problems }: Partial): Json => ({
  output,
  problems: problems.map((problem) => ({ ...problem })),
});

function endOfSnooze({ until, data }: Snooze): HandlerEnd {
  const time = until instanceof Date ? until.getTime() : Number.NaN;
  if (Number.isNaN(time) || time > Date.UTC(9999, 11, 31))
    return failure("invalid_argument", "snooze needs a date up to the year 9999.");
  const changed = data === undefined ? {} : { data: storableJson(data, "The data") };
  return { ending: { kind: "snoozed", until, ...changed }, result: null };
}

/** Reads what a handler threw. An error with a code is a message to people; any other keeps its stack. */
export function endOfThrow(thrown: unknown): HandlerEnd {
  return { ending: { kind: "failed", error: errorOf(thrown) }, result: null };
}

/** The code of an error that has none of its own. */
export const HANDLER_FAILED = "handler_failed";
const UNTOLD = "The handler failed and did not say why.";
const LONGEST_MESSAGE = 10_000;
const LONGEST_STACK = 20_000;

/** What was thrown, as it is stored. */
export function errorOf(thrown: unknown): JobError {
  try {
    return described(thrown);
  } catch {
    // Its own getters threw. What cannot be read must not keep the attempt from ending.
    return { code: HANDLER_FAILED, message: UNTOLD };
  }
}

function described(thrown: unknown): JobError {
  if (!(thrown instanceof Error) && (typeof thrown !== "object" || thrown === null)) {
    return { code: HANDLER_FAILED, message: text(String(thrown), LONGEST_MESSAGE) };
  }
  const { code, message, stack, data } = thrown as {
    code?: unknown;
    message?: unknown;
    stack?: unknown;
    data?: unknown;
  };
  const told = {
    message: text(typeof message === "string" && message ? message : UNTOLD, LONGEST_MESSAGE),
    ...storableData(data),
  };
  if (typeof code === "string" && code !== HANDLER_FAILED && /^[\w.-]{1,100}$/.test(code)) return { code, ...told };
  return {
    code: HANDLER_FAILED,
    ...told,
    ...(typeof stack === "string" ? { stack: text(stack, LONGEST_STACK) } : {}),
  };
}

const text = (value: string, longest: number) => value.slice(0, longest).replaceAll("\0", "\u2400").toWellFormed();

function storableData(data: unknown): { data?: Json } {
  if (data === undefined) return {};
  try {
    return { data: JSON.parse(storableJson(data, "data")) as Json };
  } catch {
    // What cannot be stored of an error's details must not hide the error.
    return {};
  }
}
