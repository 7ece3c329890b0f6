/** Every way in which the private server can refuse; stable, matched on by callers. */
export const POSTGRES_ERROR_CODES = [
  "platform_unsupported",
  "postgres_not_found",
  "postgres_unusable",
  "postgres_version_unsupported",
  "cache_unwritable",
  "data_directory_in_use",
  "data_directory_foreign",
  "data_directory_network",
  "data_directory_unreachable",
  "data_directory_unwritable",
  "no_passwd_entry",
  "setuid_refused",
  "initdb_failed",
  "server_start_failed",
  "server_not_ready",
  "server_in_use",
  "server_stopped",
  "server_stop_failed",
  "aborted",
] as const;

/** A code with which this package refuses; stable. */
export type PostgresErrorCode = (typeof POSTGRES_ERROR_CODES)[number];

/** A refusal of the private server: `message` is one sentence with the reason, `hint` one with the way out. */
export class PostgresError extends Error {
  readonly code: PostgresErrorCode;
  readonly hint: string;

  constructor(code: PostgresErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PostgresError";
    this.code = code;
    this.hint = hint;
  }
}

/** The code of a system error such as "ENOENT", or "" for anything else. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** Whether PostgreSQL's words mean that the disk is full; it does not always say so plainly. */
export function isDiskFull(words: string): boolean {
  return /No space left|quota|wrote only \d+ of \d+ bytes|free disk space/i.test(words);
}
