import { setTimeout as pause } from "node:timers/promises";
import { type Job, WAITING } from "@callsheet/contract";
import { createLogUpdate } from "log-update";
import { colours } from "../colours.ts";
import { printable } from "../printable.ts";
import { stateName } from "../state-colour.ts";
import { fileBars } from "./file-bars.ts";
import { describeGroup, type GroupNow, linesOfGroup } from "./group-log.ts";
import type { JobDesk } from "./job-desk.ts";
import type { MediaFile } from "./media-folder.ts";
import { shortAction } from "./short-action.ts";
import { fewOfEach, type Wait, type WaitLog } from "./wait-log.ts";

const LOOK_MS = 150;

interface Shown {
  readonly desk: JobDesk;
  readonly log: WaitLog;
  readonly files: readonly MediaFile[];
  readonly stream: NodeJS.WriteStream;
}

/**
 * Shows the jobs of a desk while `work` is under way: bars in place on a terminal, elsewhere a line for each new state. Why
 * jobs wait stays on both.
 */
export async function showWhile(work: Promise<void>, { desk, log, files, stream }: Shown): Promise<void> {
  const screen = stream.isTTY && process.env.TERM !== "dumb" ? barsOn(stream, files, desk) : linesOn(stream, desk);
  let told = 0;
  const show = async (isOver: boolean) => {
    const [jobs, groups] = await Promise.all([desk.look(), desk.lookAtGroups()]);
    const { waits } = log;
    const fresh = fewOfEach(waits).slice(told);
    told += fresh.length;
    for (const wait of fresh) screen.say(lineOf(wait));
    screen.show({ jobs, groups, waits, isOver });
  };
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  const watched = log.watch(desk, over.signal);
  // Failures are met below, once the screen has been left as it is.
  for (const part of [ended, watched]) part.catch(() => undefined);
  try {
    while (!over.signal.aborted) {
      await show(false);
      await pause(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
    await Promise.all([ended, watched]);
    await show(true);
  } finally {
    over.abort();
    screen.end();
  }
}

interface View {
  readonly jobs: readonly Job[];
  readonly groups: readonly GroupNow[];
  readonly waits: readonly Wait[];
  readonly isOver: boolean;
}

interface Screen {
  show(view: View): void;
  /** Leaves a line above all that is shown. */
  say(line: string): void;
  /** Leaves what is shown last where it is. */
  end(): void;
}

function barsOn(stream: NodeJS.WriteStream, files: readonly MediaFile[], desk: JobDesk): Screen {
  const update = createLogUpdate(stream);
  return {
    show({ jobs, groups, waits, isOver }) {
      // What does not fit on the screen cannot be drawn again in its place.
      const reasons = new Map(waits.map(({ job, sentence }) => [job.id, sentence]));
      const lines = fileBars(files, desk.jobs, jobs, { columns: stream.columns || 80, isOver, reasons });
      const room = Math.max((stream.rows ?? 24) - groups.length - 2, 1);
      const more = lines.length > room ? [`and ${lines.length - room} more files`] : [];
      update(
        [...groups.map((group) => colours.dim(describeGroup(group))), ...lines.slice(0, room), ...more].join("\n"),
      );
    },
    say: (line) => update.persist(line),
    end: () => update.done(),
  };
}

function linesOn(stream: NodeJS.WritableStream, desk: JobDesk): Screen {
  const seen = new Map<string, string>();
  const told = new Map<string, number>();
  return {
    show({ jobs, groups }) {
      for (const group of groups) {
        const lines = linesOfGroup(group);
        for (const line of lines.slice(told.get(group.group.id))) stream.write(`${line}\n`);
        told.set(group.group.id, lines.length);
      }
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
    say: (line) => void stream.write(`${line}\n`),
    end: () => undefined,
  };
}

function lineOf({ job, sentence }: Wait): string {
  return printable(`${job.file.name} ${shortAction(job.action)} waits: ${sentence}`);
}

/** A failure that was mended may have passed unseen between two looks. */
function newsOf({ state, retries }: Job): string {
  return retries === 0 ? stateName(state) : `${stateName(state)}, retried`;
}
