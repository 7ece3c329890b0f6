import { type CallsheetError, callsheetError, isCallsheetError } from "@callsheet/contract";

/** SQLSTATE classes and codes that say: this connection, or this server, is gone or going. */
const LOSS = /^(08...|57P0[1-5]|25006|53300)$/;
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
const DRIVER = /Connection terminated|not queryable|timeout expired|Connection ended|timeout exceeded/i;

function facts(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : String(error) };
}

/** Whether the connection was lost, so that it is unknown if the statement took effect. */
export function isConnectionLoss(error: unknown): boolean {
  if (isCallsheetError(error)) return error.code === "database_lost";
  const { code, message } = facts(error);
  return LOSS.test(code) || SOCKET.has(code) || DRIVER.test(message);
}

/** Names a lost connection by its code; every other error passes unchanged. */
export function connectionFailure(error: unknown): unknown {
  if (isCallsheetError(error) || !isConnectionLoss(error)) return error;
  const { message } = facts(error);
  return callsheetError(
    "database_lost",
    `The connection to PostgreSQL was lost: ${message}.`,
    {},
    error,
  ) satisfies CallsheetError;
}

/** Whether running the same transaction again may succeed: deadlock, serialisation, a lock not had in time. */
export function isTransient(error: unknown): boolean {
  return ["40P01", "40001", "55P03"].includes(facts(error).code);
}

/** Whether a constraint of this name was violated. */
export function violates(error: unknown, constraint: string): boolean {
  return (error as { constraint?: unknown } | null)?.constraint === constraint;
}
