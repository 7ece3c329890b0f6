import type { Exclusion, Target, TimedInput, TimedJobInput } from "@callsheet/contract";
import { type Assignment, assign } from "../assignment.ts";
import { usageError } from "../failure.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { previewColumns } from "./columns.ts";
import { shortened } from "./shortened.ts";
import { printTimed } from "./show.ts";

/** What the options say of when a timed action runs. */
export interface RuleFlags {
  readonly every?: number;
  readonly afterEnd?: boolean;
  readonly at?: readonly string[];
  readonly days?: readonly string[];
  readonly cron?: string;
  readonly timeZone?: string;
  readonly missing?: string;
  readonly doubled?: string;
  readonly exclude?: readonly Exclusion[];
  readonly calendars?: readonly string[];
}

/** What they say of it beside that. */
interface TimedFlags extends RuleFlags {
  readonly action?: string;
  readonly description?: string;
  readonly overlap?: string;
  readonly misfire?: string;
  readonly within?: number;
  readonly jitter?: number;
  readonly keepLast?: number | "all";
  readonly config?: readonly Assignment[];
  readonly target?: Target;
  readonly priority?: string;
  readonly owner?: string;
  readonly tag?: readonly string[];
  readonly start?: boolean;
}

/** In place of names: no calendar. */
const NONE = "none";

type Fields = Partial<Omit<TimedInput, "name">>;

/** `timed create` */
export async function createTimed(terminal: Terminal, name: string, flags: TimedFlags): Promise<void> {
  const fields = { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...fieldsOf(flags) };
  if (fields.rule === undefined)
    throw usageError("It is not said when it runs.", "Add --every 15m, --at 02:30, or --cron '0 2 * * *'.");
  await using client = await openClient(terminal);
  const made = await client.timed.create({ ...fields, name } as TimedInput);
  await printTimed(terminal, client, flags.start ? await client.timed.start(name) : made);
  if (terminal.format === "table" && !flags.start) terminal.note(`Next: callsheet timed start ${name}`);
}

/** `timed change` */
export async function changeTimed(terminal: Terminal, name: string, flags: TimedFlags): Promise<void> {
  if (Object.keys(fieldsOf(flags)).length === 0)
    throw usageError("It is not said what to change.", "callsheet timed change --help shows what can be.");
  await using client = await openClient(terminal);
  const { job, misfire, dst } = await client.timed.get(name);
  await printTimed(terminal, client, await client.timed.update(name, fieldsOf(flags, { job, misfire, dst })));
}

/** `timed preview` */
export async function previewTimed(
  terminal: Terminal,
  name: string | undefined,
  { count, from, ...flags }: RuleFlags & { readonly count?: number; readonly from?: Date },
): Promise<void> {
  const { rule, ...fields } = { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone, ...fieldsOf(flags) };
  if ((name === undefined) === (rule === undefined))
    throw usageError("It is not said what to preview.", "Name a timed action, or say --every, --at or --cron.");
  await using client = await openClient(terminal);
  const rows = await client.timed.preview(name ?? { ...fields, rule: rule! }, { count, from });
  const empty = "It counts from the end of its last occurrence: nobody knows when that will be.";
  printList(terminal, { rows: terminal.format === "table" ? shortened(rows) : rows, columns: previewColumns(), empty });
}

/** What is not allowed is refused by the client, which names the field. */
function fieldsOf(flags: TimedFlags, before: Pick<Fields, "job" | "misfire" | "dst"> = {}): Fields {
  const {
    action,
    description,
    timeZone,
    overlap,
    misfire,
    within,
    jitter,
    missing,
    doubled,
    exclude,
    calendars,
    keepLast,
  } = flags;
  const rule = ruleOf(flags);
  const job = jobOf(flags, before.job);
  const fields = {
    ...(action !== undefined && { action }),
    ...(description !== undefined && { description }),
    ...(rule !== undefined && { rule }),
    ...(timeZone !== undefined && { timeZone }),
    ...(overlap !== undefined && { overlap }),
    ...((misfire !== undefined || within !== undefined) && {
      misfire: {
        ...before.misfire,
        ...(misfire !== undefined && { policy: misfire }),
        ...(within !== undefined && { withinMs: within }),
      },
    }),
    ...(jitter !== undefined && { jitterMs: jitter }),
    ...((missing !== undefined || doubled !== undefined) && {
      dst: { ...before.dst, ...(missing !== undefined && { missing }), ...(doubled !== undefined && { doubled }) },
    }),
    ...(exclude && { exclusions: exclude }),
    ...(calendars && { calendars: calendars.join() === NONE ? [] : calendars }),
    ...(keepLast !== undefined && { keepLast: keepLast === "all" ? null : keepLast }),
    ...(job && { job }),
  };
  return fields as Fields;
}

function ruleOf({ every, afterEnd, at, days, cron }: RuleFlags): unknown {
  if ([every, at, cron].filter((one) => one !== undefined).length > 1)
    throw usageError("More than one rule is said.", "Say one of --every, --at and --cron.");
  if (every !== undefined) return { kind: "interval", everyMs: every, ...(afterEnd && { from: "last_end" }) };
  if (at !== undefined) return { kind: "daily", at, ...(days && { days }) };
  if (cron !== undefined) return { kind: "cron", expression: cron };
  return undefined;
}

function jobOf(flags: TimedFlags, before: TimedJobInput = {}): TimedJobInput | undefined {
  const { config, target, priority, owner, tag } = flags;
  const said = {
    ...(config && { configuration: assign(before.configuration ?? {}, config) }),
    ...(target && { target }),
    ...(priority !== undefined && { priority }),
    ...(owner !== undefined && { owner }),
    ...(tag && { tags: tag }),
  };
  return Object.keys(said).length === 0 ? undefined : ({ ...before, ...said } as TimedJobInput);
}
