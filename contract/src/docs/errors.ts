import { ERRORS, type ErrorCode } from "../model/errors.ts";
import { page, table } from "./markdown.ts";

/** `docs/reference/errors.md`: every error that a caller can meet, and what to do next. */
export function errorsMarkdown(): string {
  const codes = Object.keys(ERRORS).sort() as ErrorCode[];
  return page("Errors", "contract/src/model/errors.ts", [
    "An error of Callsheet has a `code`, a message of one sentence, what to do `next`, and `details` of the case: the field, the job's id and state, the operations that are legal now. Match on the code, never on the message. A code is never used again for something else.",
    table(
      ["code", "HTTP", "what to do next"],
      codes.map((code) => [`\`${code}\``, String(ERRORS[code].status), ERRORS[code].next]),
    ),
    "These are the errors of calls. The error of a job has a code of its own: what its handler threw, or `handler_failed` when that had none. The engine itself ends attempts with `node_lost`, `poison`, `timed_out`, `unstorable_result`, `invalid_configuration` and, in a process of its own, `handler_exited`, `handler_killed`, `handler_out_of_memory` and `handler_start_failed`.",
  ]);
}
