import { callsheetError, ERRORS, type ErrorCode } from "@callsheet/contract";
import { describe, expect, it } from "vitest";
import { EXIT, exitCodeOfStatus } from "../src/exit-code.ts";
import { exitCodeOf } from "../src/exit-code-of.ts";
import { failure, usageError } from "../src/failure.ts";
import { exitCodeOfJobs } from "../src/jobs/wait.ts";
import { nextCommand } from "../src/next-command.ts";
import { aJob } from "./a-job.ts";

describe("the exit code of an error", () => {
  it.each([
    ["job_not_found", EXIT.notFound],
    ["unknown_action", EXIT.notFound],
    ["wrong_state", EXIT.conflict],
    ["action_exists", EXIT.conflict],
    ["invalid_argument", EXIT.usage],
    ["invalid_configuration", EXIT.usage],
    ["payload_too_large", EXIT.usage],
    ["wait_timeout", EXIT.timedOut],
    ["database_lost", EXIT.failed],
  ] as const)("%s is %d", (code, exitCode) => {
    expect(exitCodeOf(callsheetError(code, "It is so."))).toBe(exitCode);
  });

  it("of every status that the catalogue has is known; only what the caller cannot mend is 1", () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { status } = ERRORS[code];
      expect(exitCodeOfStatus(status) === EXIT.failed, code).toBe([500, 503, 507].includes(status));
    }
    expect([401, 403].map(exitCodeOfStatus)).toEqual([EXIT.unauthorized, EXIT.unauthorized]);
  });

  it("of the command's own errors is what they say, and 1 of anything else", () => {
    expect(exitCodeOf(usageError("It is wrong.", "Correct it."))).toBe(EXIT.usage);
    expect(exitCodeOf(failure("file_unreadable", "It is not there.", "Look.", EXIT.notFound))).toBe(EXIT.notFound);
    expect(exitCodeOf(Object.assign(new Error("x"), { exitCode: 77 }))).toBe(EXIT.failed);
    expect(exitCodeOf(undefined)).toBe(EXIT.failed);
  });
});

it.each([
  [["completed", "skipped"], EXIT.ok],
  [["completed", "cancelled"], EXIT.jobCancelled],
  [["cancelled", "failed"], EXIT.jobFailed],
  [["partial"], EXIT.jobFailed],
] as const)("of awaited jobs that ended %j the worst counts: %d", (states, exitCode) => {
  expect(exitCodeOfJobs(states.map((state) => aJob({ state })))).toBe(exitCode);
});

it("the command to try fits the error, and cannot steer the terminal", () => {
  const wrong = callsheetError("wrong_state", "No.", { id: "7", legal: ["plan", "set_priority", "cancel"] });
  expect(nextCommand(wrong)).toBe("callsheet jobs plan 7 --at +10m");
  const disabled = callsheetError("action_disabled", "No.", { action: "a\u001b[2J" });
  expect(nextCommand(disabled)).toBe("callsheet actions enable a\\u{1b}[2J");
  expect(nextCommand(new Error("x"))).toBeUndefined();
});
