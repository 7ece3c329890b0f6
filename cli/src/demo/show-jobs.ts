import { setTimeout as pause } from "node:timers/promises";
import { type Job, WAITING } from "@callsheet/contract";
import { createLogUpdate } from "log-update";
import { printable } from "../printable.ts";
import { stateName } from "../state-colour.ts";
import { fileBars, shortAction } from "./file-bars.ts";
import type { JobDesk } from "./job-desk.ts";
import type { MediaFile } from "./media-folder.ts";

const LOOK_MS = 150;

/** Shows the jobs of a desk while `work` is under way: bars in place on a terminal, elsewhere a line for each new state. */
export async function showWhile(
  work: Promise<void>,
  {
    desk,
    files,
    stream,
  }: { readonly desk: JobDesk; readonly files: readonly MediaFile[]; readonly stream: NodeJS.WriteStream },
): Promise<void> {
  const screen = stream.isTTY && process.env.TERM !== "dumb" ? barsOn(stream, files, desk) : linesOn(stream, desk);
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  // Its failure is met below, once the screen has been left as it is.
  ended.catch(() => undefined);
  try {
    while (!over.signal.aborted) {
      screen.show(await desk.look());
      await pause(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
    await ended;
    screen.show(await desk.look(), { isOver: true });
  } finally {
    screen.end();
  }
}

interface Screen {
  show(jobs: readonly Job[], at?: { readonly isOver: boolean }): void;
  /** Leaves what is shown last where it is. */
  end(): void;
}

function barsOn(stream: NodeJS.WriteStream, files: readonly MediaFile[], desk: JobDesk): Screen {
  const update = createLogUpdate(stream);
  return {
    show(jobs, { isOver } = { isOver: false }) {
      // What does not fit on the screen cannot be drawn again in its place.
      const lines = fileBars(files, desk.jobs, jobs, { columns: stream.columns || 80, isOver });
      const room = Math.max((stream.rows ?? 24) - 2, 1);
      const more = lines.length > room ? [`and ${lines.length - room} more files`] : [];
      update([...lines.slice(0, room), ...more].join("\n"));
    },
    end: () => update.done(),
  };
}

function linesOn(stream: NodeJS.WritableStream, desk: JobDesk): Screen {
  const seen = new Map<string, string>();
  return {
    show(jobs) {
      const byId = new Map(jobs.map((job) => [job.id, job]));
      for (const { id, file } of desk.jobs) {
        const job = byId.get(id);
        if (job === undefined || seen.get(id) === job.state) continue;
        seen.set(id, job.state);
        // That it waits, or begins as all do, is no news.
        if (job.state === "running" || WAITING.some((state) => state === job.state)) continue;
        stream.write(`${printable(file.name)} ${shortAction(job.action)}: ${newsOf(job)}\n`);
      }
    },
    end: () => undefined,
  };
}

/** A failure that was mended may have passed unseen between two looks. */
function newsOf({ state, retries }: Job): string {
  return retries === 0 ? stateName(state) : `${stateName(state)}, retried`;
}
