import type { JobError, Json, JsonObject } from "@callsheet/contract";
import { HANDLER_FAILED, type HandlerEnd, type Left } from "../outcome.ts";
import type { Redactor } from "./redactor.ts";

/** How a handler ended, with nothing in it of the secrets that its attempt had. */
export function redactEnd(redactor: Redactor, { ending, result }: HandlerEnd): HandlerEnd {
  return {
    ending: "error" in ending ? { ...ending, error: redactError(redactor, ending.error) } : ending,
    result: result === null ? null : redactJson(redactor, result),
  };
}

/** Where its work goes on: fails it when the handle holds a secret, since that is stored as it is, and shown. */
export function redactLeft(redactor: Redactor, left: Left): HandlerEnd | Left {
  if (redactJson(redactor, left.handle) === left.handle) return left;
  const message = "The handle holds a secret. A poll finds it in the configuration, in its place.";
  return { ending: { kind: "failed", error: { code: "invalid_argument", message } }, result: null };
}

/** A JSON text, with nothing in it of secrets. */
export function redactJson(redactor: Redactor, text: string): string {
  return JSON.stringify(redactor.json(JSON.parse(text) as Json));
}

/** What a handler measures, in the same way; none when it is no JSON. */
export function redactStats(redactor: Redactor, stats: JsonObject | undefined): JsonObject | null {
  try {
    return redactor.json(JSON.parse(JSON.stringify(stats ?? null)) as JsonObject) as JsonObject;
  } catch {
    return null;
  }
}

/** What it threw, in the same way. */
export function redactError(redactor: Redactor, { code, message, stack, data }: JobError): JobError {
  return {
    code: redactor.text(code) === code ? code : HANDLER_FAILED,
    message: redactor.cut(message),
    ...(stack === undefined ? {} : { stack: redactor.cut(stack) }),
    ...(data === undefined ? {} : { data: redactor.json(data) }),
  };
}
