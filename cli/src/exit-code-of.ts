import { ERRORS, isCallsheetError } from "@callsheet/contract";
import { EXIT, type ExitCode, exitCodeOfStatus } from "./exit-code.ts";

/** What the shell is told of an error: by the status that the catalogue gives its code, else what the error itself says. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isCallsheetError(error)) return exitCodeOfStatus(ERRORS[error.code]?.status ?? 500);
  const told = typeof error === "object" && error !== null && "exitCode" in error ? error.exitCode : undefined;
  return Object.values(EXIT).find((code) => code === told) ?? EXIT.failed;
}
