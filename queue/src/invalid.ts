import { type CallsheetError, callsheetError } from "@callsheet/contract";

/** The error of a value that cannot be used; the message names the field. */
export function invalid(field: string, what: string): CallsheetError {
  return callsheetError("invalid_argument", `Job ${field} is invalid: it must be ${what}.`, { field });
}

/** The error of a queue's own options and arguments. */
export function refused(message: string, field: string, cause?: unknown): CallsheetError {
  return callsheetError("invalid_argument", message, { field }, cause);
}
