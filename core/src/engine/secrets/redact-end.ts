import type { JobError, Json, JsonObject } from "@callsheet/contract";
import { HANDLER_FAILED, type HandlerEnd } from "../outcome.ts";
import type { Redactor } from "./redactor.ts";

/** How a handler ended, with nothing in it of the secrets that its attempt had. */
export function redactEnd(redactor: Redactor, { ending, result }: HandlerEnd): HandlerEnd {
  return {
    ending: "error" in ending ? { ...ending, error: redactError(redactor, ending.error) } : ending,
    result: result === null ? null : redactJson(redactor, result),
  };
}

/** The same of a JSON text. */
export function redactJson(redactor: Redactor, text: string): string {
  return JSON.stringify(redactor.json(JSON.parse(text) as Json));
}

/** The same of what a handler measures; none when it is no JSON. */
export function redactStats(redactor: Redactor, stats: JsonObject | undefined): JsonObject | null {
  try {
    return redactor.json(JSON.parse(JSON.stringify(stats ?? null)) as JsonObject) as JsonObject;
  } catch {
    return null;
  }
}

/** The same of what it threw. */
export function redactError(redactor: Redactor, { code, message, stack, data }: JobError): JobError {
  return {
    code: redactor.text(code) === code ? code : HANDLER_FAILED,
    message: redactor.cut(message),
    ...(stack === undefined ? {} : { stack: redactor.cut(stack) }),
    ...(data === undefined ? {} : { data: redactor.json(data) }),
  };
}
