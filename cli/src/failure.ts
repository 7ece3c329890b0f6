import { EXIT, type ExitCode } from "./exit-code.ts";
import { printable } from "./printable.ts";

/** An error of this command: `message` says in one sentence what is wrong, `hint` what to do. Its exit code is 1 by default. */
export function failure(code: string, message: string, hint: string, exitCode: ExitCode = EXIT.failed): Error {
  return Object.assign(new Error(message), { code, hint, exitCode });
}

/** An error of how the command was called: exit code 2. */
export function usageError(message: string, hint: string): Error {
  return failure("usage", message, hint, EXIT.usage);
}

/** What people see of an error: one sentence, its code, and what to do next. Never a stack trace. */
export function describeFailure(error: unknown): string {
  const told = printable(messageOf(error));
  const code = textOf(error, "code");
  const next = textOf(error, "hint") ?? textOf(error, "next") ?? "Run the command again; if it fails again, report it.";
  return `callsheet: ${told}${code === undefined ? "" : ` (${printable(code)})`}\n${printable(next)}\n`;
}

function messageOf(error: unknown): string {
  // Connecting to a name with several addresses fails with a sum of errors that says nothing itself.
  if (error instanceof AggregateError && error.message === "" && error.errors.length > 0) {
    return messageOf(error.errors[0]);
  }
  const message = textOf(error, "message") ?? String(error);
  return message === "" ? "Something failed without saying why." : message;
}

function textOf(error: unknown, name: string): string | undefined {
  const value = typeof error === "object" && error !== null ? (error as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
