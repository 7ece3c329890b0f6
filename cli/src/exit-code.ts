/** What the command answers to the shell. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unauthorized: 4,
  conflict: 5,
  jobFailed: 6,
  timedOut: 7,
  jobCancelled: 8,
  interrupted: 130,
} as const;
export type ExitName = keyof typeof EXIT;
export type ExitCode = (typeof EXIT)[ExitName];

export const EXIT_MEANING = {
  ok: "It was done.",
  failed:
    "It failed: the database cannot be reached, something unforeseen happened, or one of several jobs was refused.",
  usage:
    "It was asked for wrongly: an unknown command or option, a value that cannot be accepted, a confirmation missing.",
  notFound: "There is no such job, action or file.",
  unauthorized: "Who asks is not known, or may not do this.",
  conflict: "The state does not allow it, or a name is taken.",
  jobFailed: "The job that was waited for failed, or delivered a part only.",
  timedOut: "The wait took longer than was allowed. The job goes on.",
  jobCancelled: "The job that was waited for was cancelled.",
  interrupted: "It was interrupted, as by Ctrl-C. Jobs go on.",
} as const satisfies Record<ExitName, string>;

/** The exit code of an error's HTTP status, so that a script meets the same answer from the library and from a server. */
export function exitCodeOfStatus(status: number): ExitCode {
  return EXIT[NAME_OF_STATUS[status] ?? "failed"];
}

const NAME_OF_STATUS: Readonly<Record<number, ExitName>> = {
  400: "usage",
  401: "unauthorized",
  403: "unauthorized",
  404: "notFound",
  409: "conflict",
  412: "conflict",
  413: "usage",
  422: "usage",
  428: "conflict",
  504: "timedOut",
};

/** The exit codes, as `callsheet --help` ends with them. */
export function exitCodesHelp(): string {
  const lines = (Object.keys(EXIT) as ExitName[]).map(
    (name) => `  ${String(EXIT[name]).padEnd(5)}${EXIT_MEANING[name]}`,
  );
  return `\nExit codes:\n${lines.join("\n")}\n`;
}
