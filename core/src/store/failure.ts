import { type CallsheetError, callsheetError, isCallsheetError } from "@callsheet/contract/errors";

/** SQLSTATE classes and codes that say: this connection, or this server, is gone or going. */
const LOSS = /^(08...|57P0[1-5]|25006|25P0[34]|53300)$/;
const SOCKET = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "EACCES",
]);
const GONE = /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|57P0[1-3])$/;
const ENDED = /after calling end on the pool/;
const DRIVER = /Connection terminated|not queryable|timeout expired|Connection ended|timeout exceeded/i;
/** The SQLSTATE of a server that has no room left on its disk. The statement was undone. */
const FULL = "53100";

/** What the driver threw: behind a name of ours it stands as the cause. */
function thrownBy(error: unknown): unknown {
  return isCallsheetError(error) && error.code === "database_failed" ? error.cause : error;
}

function facts(thrown: unknown): { code: string; message: string } {
  const inner = thrownBy(thrown);
  // Every address of a host was tried, and all were refused: the first one says why.
  const error = inner instanceof AggregateError ? inner.errors[0] : inner;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : String(error) };
}

/** Why the server refused it, in its own words. */
export function reasonOf(error: unknown): string {
  return facts(error).message;
}

/** Whether nobody answers where the server was, or only to say that it is going or coming. */
export function isUnreachable(error: unknown): boolean {
  const { code, message } = facts(error);
  return GONE.test(code) || /Connection terminated/.test(message);
}

/** Whether the connection was lost, so that it is unknown if the statement took effect. */
export function isConnectionLoss(error: unknown): boolean {
  if (isCallsheetError(error)) return error.code === "database_lost";
  const { code, message } = facts(error);
  return LOSS.test(code) || SOCKET.has(code) || DRIVER.test(message);
}

/**
 * Names what the driver threw: a lost connection, a full disk, and as `database_failed` all else that the server refused,
 * with the driver's error as its cause. Errors that are not the server's pass unchanged.
 */
export function serverFailure(error: unknown): unknown {
  if (isCallsheetError(error)) return error;
  if (facts(error).code === FULL)
    return callsheetError("database_full", `PostgreSQL has no room left: ${facts(error).message}.`, {}, error);
  if (ENDED.test(facts(error).message)) return callsheetError("stopped", "This Callsheet was closed.", {}, error);
  const { code, message } = facts(error);
  if (!isConnectionLoss(error)) {
    if ((error as { severity?: unknown } | null)?.severity === undefined) return error;
    return callsheetError("database_failed", `PostgreSQL refused it: ${message} (${code}).`, { sqlstate: code }, error);
  }
  return callsheetError(
    "database_lost",
    `The connection to PostgreSQL was lost: ${message}.`,
    {},
    error,
  ) satisfies CallsheetError;
}

/** Names what kept the database from being opened. */
export function openingFailure(error: unknown): unknown {
  const { message } = facts(isCallsheetError(error) ? (error.cause ?? error) : error);
  if (isConnectionLoss(error))
    return callsheetError("database_lost", `PostgreSQL cannot be reached: ${message}.`, {}, error);
  if (isCallsheetError(error) && error.code !== "database_failed") return error;
  return callsheetError("database_refused", `PostgreSQL cannot be used: ${message}.`, {}, error);
}

/** Whether the server is short of something, or not ready, so that the same may be stored later. */
export function isPassing(error: unknown): boolean {
  return isConnectionLoss(error) || /^(08|25|40|53|55|57|58|database_full$)/.test(facts(error).code);
}

/** Whether the values themselves cannot be stored, however often it is tried. */
export function isUnstorable(error: unknown): boolean {
  return /^(22|54)/.test(facts(error).code) || error instanceof RangeError;
}

/** Whether running the same transaction again may succeed: deadlock, serialisation, a lock not had in time. */
export function isTransient(error: unknown): boolean {
  return ["40P01", "40001", "55P03"].includes(facts(error).code);
}

/** Whether what was decided on had changed by the time it was to be done (`callsheet.insist`): it is to be decided again. */
export function isOvertaken(error: unknown): boolean {
  return facts(error).code === "OV001";
}

/** The server's code of an error; empty where it is not the server's. */
export function sqlStateOf(error: unknown): string {
  return facts(error).code;
}

/** Whether the role may not do it. */
export function isForbidden(error: unknown): boolean {
  return facts(error).code === "42501";
}

/** Whether a table that was named, or its schema, is not there. */
export function isMissing(error: unknown): boolean {
  return ["42P01", "3F000"].includes(facts(error).code);
}

/** Whether a constraint of this name was violated. */
export function violates(error: unknown, constraint: string): boolean {
  return (thrownBy(error) as { constraint?: unknown } | null)?.constraint === constraint;
}
