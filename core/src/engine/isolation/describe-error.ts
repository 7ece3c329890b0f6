import type { Json } from "@callsheet/contract";

/** What a handler threw, as it is stored. */
export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  readonly data?: Json;
}

const MAX_CODE = 100;
const MAX_MESSAGE = 8_192;
const MAX_STACK = 32_768;
const MAX_DATA = 65_536;

/** Describes whatever a handler threw. Its own `code` is kept, if it is a text; else the code is `handler_failed`. Never throws. */
export function describeError(thrown: unknown): DescribedError {
  try {
    return describe(thrown);
  } catch {
    return { code: "handler_failed", message: "The handler threw something that cannot be described." };
  }
}

function describe(thrown: unknown): DescribedError {
  if (typeof thrown !== "object" || thrown === null)
    return { code: "handler_failed", message: String(thrown).slice(0, MAX_MESSAGE) };
  const { code, message, data } = thrown as { code?: unknown; message?: unknown; data?: unknown };
  const stack = stackOf(thrown);
  const json = data === undefined ? undefined : jsonOf(data);
  return {
    code: typeof code === "string" && code !== "" ? code.slice(0, MAX_CODE) : "handler_failed",
    message: (typeof message === "string" ? message : (JSON.stringify(thrown) ?? String(thrown))).slice(0, MAX_MESSAGE),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK) }),
    ...(json === undefined ? {} : { data: json }),
  };
}

/** The stack with those of its causes; a circle of causes ends where the text would be cut anyway. */
function stackOf(thrown: object): string | undefined {
  let text: string | undefined;
  let next: unknown = thrown;
  while (typeof next === "object" && next !== null && (text?.length ?? 0) < MAX_STACK) {
    const { stack, cause } = next as { stack?: unknown; cause?: unknown };
    if (typeof stack !== "string" || stack === "") break;
    text = text === undefined ? stack : `${text}\nCaused by: ${stack}`;
    next = cause;
  }
  return text;
}

function jsonOf(data: unknown): Json | undefined {
  const text = JSON.stringify(data);
  return text === undefined || text.length > MAX_DATA ? undefined : (JSON.parse(text) as Json);
}
