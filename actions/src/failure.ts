/** Why a handler of this package fails; stable, so that retry policies and filters can name them. */
export const FAILURES = [
  "disk_full",
  "ffmpeg_failed",
  "ffmpeg_missing",
  "file_changed",
  "file_not_found",
  "file_unreadable",
  "media_damaged",
  "media_refused",
  "media_too_large",
  "media_unsupported",
  "no_path",
  "no_picture",
  "no_sound",
  "not_a_file",
  "not_media",
  "output_failed",
  "output_refused",
  "outside_roots",
  "path_invalid",
  "read_failed",
  "sharp_missing",
  "verification_failed",
] as const;
/** A code with which a handler of this package fails. */
export type FailureCode = (typeof FAILURES)[number];

/** An error that ends an attempt with this code and this sentence; no stack is kept of one that has a code. */
export function failure(code: FailureCode, message: string, cause?: unknown): Error & { readonly code: FailureCode } {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}

/** The code of an error, if it has one. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** A name in quotation marks, in which nothing can break a line or steer a terminal. */
export function quoted(name: string): string {
  return JSON.stringify(name).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Whether a call of the system failed, and nobody has said yet what that means. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "syscall" in error;
}
