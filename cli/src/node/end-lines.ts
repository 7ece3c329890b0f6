import type { Job } from "@callsheet/core";
import { formatDuration } from "../amount.ts";
import { jsonLine } from "../output.ts";
import { printable } from "../printable.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Terminal } from "../terminal.ts";

/** Prints how jobs stand after an attempt of theirs has ended, one line each. */
export interface EndLines {
  /** Told of stored ends; returns at once. */
  readonly tell: (ids: readonly string[]) => void;
  /** Waits until all that was told is printed. */
  readonly flush: () => Promise<void>;
}

/** Read at once; a node that ends more than it can print says how many instead, since its jobs go first. */
const BATCH = 200;

/** `read` answers jobs as they are stored: what is printed is what everybody else sees. */
export function endLinesOn(terminal: Terminal, read: (ids: readonly string[]) => Promise<readonly Job[]>): EndLines {
  let waiting: string[] = [];
  let printing: Promise<void> | undefined;
  const print = async () => {
    while (waiting.length > 0) {
      const [shown, left] = [waiting.slice(0, BATCH), waiting.length - BATCH];
      waiting = [];
      const jobs = await read(shown);
      terminal.write(jobs.map(isJson(terminal) ? endJson : endLine).join(""));
      if (left > 0) terminal.note(`${left} more jobs ended in this moment.`);
    }
  };
  const start = () => {
    printing ??= print()
      .catch((error: unknown) => terminal.note(printable(`Ends of jobs could not be read: ${String(error)}`)))
      .finally(() => {
        printing = undefined;
        // Told between the last look and this moment.
        if (waiting.length > 0) start();
      });
  };
  return {
    tell(ids) {
      if (terminal.flags.quiet) return;
      waiting.push(...ids);
      start();
    },
    async flush() {
      while (printing !== undefined) await printing;
    },
  };
}

const isJson = ({ format }: Terminal): boolean => format === "json" || format === "jsonl";

function endJson(job: Job): string {
  const { id, action, type, target, state, attempt, startedAt, endedAt, durationMs, error } = job;
  const { code, message } = error ?? {};
  return jsonLine({
    ...{ id, action, type, target, state, attempt, startedAt, endedAt, durationMs },
    error: error === null ? null : { code, message },
  });
}

/** `completed  make-proxy  A-17  1.6 s  0197…`, and why when it is not. */
function endLine(job: Job): string {
  const parts = [
    inStateColour(job.state, stateName(job.state)),
    printable(job.action),
    ...(job.target === null ? [] : [printable(job.target.id)]),
    ...(job.durationMs === null ? [] : [formatDuration(job.durationMs)]),
    ...(job.attempt > 1 ? [`attempt ${job.attempt}`] : []),
    job.id,
    ...(job.error === null ? [] : [printable(`${job.error.code}: ${job.error.message}`)]),
  ];
  return `${parts.join("  ")}\n`;
}
