import type { CallsheetClient, JobInput, LockRequest, PriorityName, Target } from "@callsheet/contract";
import { type Assignment, assign } from "../assignment.ts";
import { usageError } from "../failure.ts";
import { readJsonLines, readObject } from "../input-file.ts";
import { openClient } from "../open-client.ts";
import { jsonLine, printList, printOne } from "../output.ts";
import { parseMoment } from "../parse-time.ts";
import { stateName } from "../state-colour.ts";
import type { Terminal } from "../terminal.ts";
import { awaitJobs } from "./wait.ts";

interface CreateFlags {
  readonly config?: readonly Assignment[];
  readonly configFile?: string;
  readonly target?: Target;
  readonly priority?: string;
  readonly at?: Date;
  readonly unplanned?: boolean;
  readonly owner?: string;
  readonly tag?: readonly string[];
  readonly needs?: Readonly<Record<string, number>>;
  readonly lock?: readonly LockRequest[];
  readonly share?: readonly LockRequest[];
  readonly key?: string;
  readonly keepOpen?: boolean;
  readonly many?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
}

/** `jobs create` */
export async function createJobs(terminal: Terminal, action: string, flags: CreateFlags): Promise<void> {
  const common = await inputOf(terminal, flags);
  const inputs = flags.many === undefined ? [common] : await manyOf(terminal, flags.many, common);
  await using client = await openClient(terminal);
  const created = await client.jobs.createMany(action, inputs);
  const ids = created.map(({ id }) => id);
  if (flags.wait) {
    terminal.note(ids.length === 1 ? `Created ${ids[0]}.` : `Created ${ids.length} jobs.`);
    return await awaitJobs(terminal, client.jobs, ids, flags.timeout);
  }
  if (flags.many === undefined) return await printCreated(terminal, client, ids[0]!);
  if (terminal.format === "jsonl") return terminal.write(created.map(({ id }) => jsonLine({ id })).join(""));
  printList(terminal, {
    rows: ids.map((id) => ({ id })),
    columns: [{ title: "Id", cell: ({ id }) => id }],
    empty: "The file holds no job.",
  });
}

/** Prints a job that was just created, or its id where nobody reads it. */
export async function printCreated(terminal: Terminal, { jobs }: CallsheetClient, id: string): Promise<void> {
  // A pipe gets the id and nothing else: it is what the next command takes.
  if (terminal.format === "tabs") return terminal.write(`${id}\n`);
  const job = await jobs.get(id);
  printOne(terminal, job, () => `${id} is ${stateName(job.state)}.\n`);
  if (terminal.format !== "table") return;
  const verb = job.state === "created" ? "plan" : "watch";
  terminal.note(`Next: callsheet jobs ${verb} ${id}`);
}

/** What the flags say of a job. */
async function inputOf(terminal: Terminal, flags: CreateFlags): Promise<JobInput> {
  const { config = [], configFile, target, priority, at, unplanned, owner, tag, key, needs } = flags;
  const locks = [...(flags.lock ?? []), ...(flags.share ?? [])];
  const base = configFile === undefined ? {} : await readObject(terminal, configFile);
  const configuration = assign(base, config);
  return {
    ...(Object.keys(configuration).length > 0 && { configuration }),
    ...(target && { target }),
    // What is no priority is refused by the client.
    ...(priority !== undefined && { priority: priority as PriorityName }),
    ...(at && { startAt: at }),
    ...(unplanned && { startAt: null }),
    ...(owner !== undefined && { owner }),
    ...(tag && { tags: tag }),
    ...(needs && { needs }),
    ...(locks.length > 0 && { locks }),
    ...(key !== undefined && { idempotencyKey: key }),
    ...(flags.keepOpen && { keepOpen: true }),
  };
}

/** One job a line; what a line leaves out is as the flags say. */
async function manyOf(terminal: Terminal, file: string, common: JobInput): Promise<readonly JobInput[]> {
  const lines = await readJsonLines(terminal, file);
  return lines.map((line, at) => {
    if (typeof line !== "object" || line === null || Array.isArray(line)) {
      throw usageError(`Job ${at + 1} of ${file} is no JSON object.`, 'Write it as { "configuration": { … } }.');
    }
    const { startAt, configuration, ...rest } = line as Readonly<Record<string, unknown>>;
    return {
      ...common,
      ...rest,
      ...(configuration === undefined ? {} : { configuration: laidOver(common.configuration, configuration) }),
      ...(startAt === undefined ? {} : { startAt: startOf(startAt, at, file) }),
    } as JobInput;
  });
}

/** What is no object is left to the client, which says so. */
function laidOver(common: JobInput["configuration"], own: unknown): unknown {
  return typeof own === "object" && own !== null && !Array.isArray(own) ? { ...common, ...own } : own;
}

function startOf(value: unknown, at: number, file: string): Date | null {
  if (value === null) return null;
  const moment = typeof value === "string" ? parseMoment(value, new Date()) : undefined;
  if (moment !== undefined) return moment;
  throw usageError(`startAt of job ${at + 1} of ${file} is no moment.`, "Write it as 2026-12-24T18:30Z, or null.");
}
