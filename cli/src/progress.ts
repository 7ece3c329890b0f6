import { type Job, WAITING } from "@callsheet/contract";
import { createLogUpdate } from "log-update";
import stringWidth from "string-width";
import { printable } from "./printable.ts";
import { inStateColour, stateName } from "./state-colour.ts";

/** Shows how far jobs are. */
export interface ProgressDisplay {
  show(jobs: readonly Job[]): void;
  /** Leaves what is shown last where it is. */
  end(): void;
}

/** Bars that move in place on a terminal; elsewhere a line for each new state that is seen. */
export function progressOn(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY && process.env.TERM !== "dumb" ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): ProgressDisplay {
  const update = createLogUpdate(stream);
  return {
    show: (jobs) => update(barsOf(jobs).join("\n")),
    end: () => update.done(),
  };
}

function lines(stream: NodeJS.WritableStream): ProgressDisplay {
  const seen = new Map<string, string>();
  return {
    show(jobs) {
      for (const job of jobs) {
        const before = seen.get(job.id);
        seen.set(job.id, job.state);
        // That it waits to begin is no news.
        if (before === job.state || (before === undefined && isWaiting(job))) continue;
        stream.write(`${nameOf(job)}: ${stateName(job.state)}\n`);
      }
    },
    end: () => undefined,
  };
}

function isWaiting(job: Job): boolean {
  return WAITING.some((state) => state === job.state);
}

const BAR_WIDTH = 20;

/** One line a job: name, bar, percent, state. */
export function barsOf(jobs: readonly Job[]): readonly string[] {
  const width = Math.max(0, ...jobs.map((job) => stringWidth(nameOf(job))));
  return jobs.map((job) => {
    const percent = job.state === "completed" ? 100 : Math.floor(job.progress?.percent ?? 0);
    const full = Math.round((percent / 100) * BAR_WIDTH);
    const bar = "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
    const name = nameOf(job);
    const space = " ".repeat(width - stringWidth(name));
    return `${name}${space}  ${bar}  ${String(percent).padStart(3)} %  ${inStateColour(job.state, stateName(job.state))}`;
  });
}

/** A job as people know it: what it works on, and what it does. */
function nameOf(job: Job): string {
  return printable(`${job.target?.id ?? job.id} ${job.action}`);
}
