import type { JobState, JobsClient } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { EXIT } from "../exit-code.ts";
import { describeFailure } from "../failure.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { type Deed, type SelectionFlags, selectIds } from "./selection.ts";

/** One thing that can be done to jobs. */
export interface Change extends Deed {
  /** `reason`: what `--reason` says. */
  readonly act: (jobs: JobsClient, id: string, reason?: string) => Promise<JobState>;
}

interface Done {
  readonly id: string;
  /** Where it led to; null when it was refused. */
  readonly state: JobState | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const COLUMNS: readonly Column<Done>[] = [
  { title: "Id", cell: ({ id }) => id },
  {
    title: "State",
    cell: ({ state }) => (state === null ? "refused" : stateName(state)),
    plain: ({ state }) => state ?? "refused",
    paint: (text, { state }) => (state === null ? colours.red(text) : inStateColour(state, text)),
  },
];

/** How many calls are under way at once. */
const AT_ONCE = 4;

/** Does one thing to the jobs that are named or found. One named job fails as the call does; of several each is told. */
export async function changeJobs(
  terminal: Terminal,
  { act, ...deed }: Change,
  ids: readonly string[],
  flags: SelectionFlags,
): Promise<void> {
  await using client = await openClient(terminal);
  const { jobs } = client;
  const { reason } = terminal.flags;
  const chosen = await selectIds(terminal, jobs, { ids, flags, deed });
  if (flags.dryRun) return;
  const done: Done[] = [];
  const [only, ...others] = chosen;
  if (only !== undefined && others.length === 0)
    done.push({ id: only, state: await act(jobs, only, reason), error: null });
  else {
    for (let at = 0; at < chosen.length; at += AT_ONCE) {
      terminal.signal.throwIfAborted();
      done.push(
        ...(await Promise.all(
          chosen.slice(at, at + AT_ONCE).map((id) => attempt(terminal, id, () => act(jobs, id, reason))),
        )),
      );
    }
  }
  printList(terminal, { rows: done, columns: COLUMNS, empty: "" });
  sumUp(terminal, done, deed);
}

async function attempt(terminal: Terminal, id: string, act: () => Promise<JobState>): Promise<Done> {
  try {
    return { id, state: await act(), error: null };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    // Without a code it is no refusal of this one job: the others would meet it too.
    if (code === undefined) throw error;
    terminal.stderr.write(describeFailure(error));
    return { id, state: null, error: { code, message } };
  }
}

function sumUp(terminal: Terminal, done: readonly Done[], { past }: Deed): void {
  const refused = done.filter(({ error }) => error !== null).length;
  if (refused > 0) terminal.exitCode = EXIT.failed;
  if (done.length > 1) terminal.note(`${done.length - refused} ${past}${refused === 0 ? "" : `, ${refused} refused`}.`);
}
