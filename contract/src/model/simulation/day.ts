import { z } from "zod";
import { callsheetError } from "../errors.ts";
import { MOST_LOCKS } from "../lock.ts";
import { nameSchema } from "../name.ts";
import { PRIORITY_NAMES, type PriorityName } from "../priority.ts";
import { needsSchema } from "../resource.ts";
import { capacitySchema, windowSchema } from "../window.ts";

const text = z.string().min(1).max(200);
const moment = z.iso.datetime({ offset: true }).transform((at) => new Date(at));

const jobSchema = z.strictObject({
  /** When it was due. */
  at: moment,
  /** How long it ran, in milliseconds. */
  durationMs: z.number().min(0).max(31_536_000_000),
  action: nameSchema,
  owner: text.default("nobody"),
  priority: z.enum(PRIORITY_NAMES as readonly [PriorityName, ...PriorityName[]]).default("normal"),
  site: nameSchema.default("default"),
  queue: nameSchema.default("default"),
  needs: needsSchema.default({}),
  locks: z
    .array(z.strictObject({ key: text.max(301), mode: z.enum(["shared", "exclusive"]).default("exclusive") }))
    .max(MOST_LOCKS)
    .default([]),
  size: z.number().min(0).nullable().default(null),
  tags: z.array(z.string()).default([]),
});

const resourceSchema = z.strictObject({
  name: nameSchema,
  capacity: capacitySchema,
  site: nameSchema.optional(),
  node: text.optional(),
  tags: z.array(nameSchema).default([]),
  windows: z.array(windowSchema).default([]),
});

const limitSchema = z.strictObject({
  scope: z.enum(["action", "queue", "site"]),
  /** `*`: each of those that have no limit of their own. */
  name: z.union([nameSchema, z.literal("*")]),
  running: z.int().min(0),
});

const nodeSchema = z.strictObject({ name: text, site: nameSchema.default("default"), slots: z.int().min(1) });

/** What a line of a day may tell of: one thing under its kind. */
const SCHEMAS = { job: jobSchema, resource: resourceSchema, limit: limitSchema, node: nodeSchema } as const;
type Kind = keyof typeof SCHEMAS;

/** A job of a day: when it was due, what it needed, and how long it ran. */
export type DayJob = z.output<typeof jobSchema>;
export type DayResource = z.output<typeof resourceSchema>;
export type DayLimit = z.output<typeof limitSchema>;
export type DayNode = z.output<typeof nodeSchema>;

/** Some time of a facility, recorded or made up: what there was to do, and with what. */
export interface Day {
  readonly nodes: readonly DayNode[];
  readonly resources: readonly DayResource[];
  readonly limits: readonly DayLimit[];
  readonly jobs: readonly DayJob[];
}

/** Reads a day from the values of its lines; fails with `invalid_argument`, naming the first line that cannot be used. */
export function readDay(lines: readonly unknown[]): Day {
  const day: { [K in Kind as `${K}s`]: z.output<(typeof SCHEMAS)[K]>[] } = {
    jobs: [],
    resources: [],
    limits: [],
    nodes: [],
  };
  for (const [index, line] of lines.entries()) {
    const kind = kindOf(line, index);
    const parsed = SCHEMAS[kind].safeParse((line as Record<Kind, unknown>)[kind]);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      throw unusable(index, `${[kind, ...path].join(".")}: ${message}`);
    }
    (day[`${kind}s`] as unknown[]).push(parsed.data);
  }
  return day;
}

function kindOf(line: unknown, index: number): Kind {
  const [kind, ...others] = typeof line === "object" && line !== null ? Object.keys(line) : [];
  if (kind !== undefined && others.length === 0 && Object.hasOwn(SCHEMAS, kind)) return kind as Kind;
  throw unusable(index, `it must be an object with one of ${Object.keys(SCHEMAS).join(", ")}`);
}

const unusable = (index: number, problem: string) =>
  callsheetError("invalid_argument", `Line ${index + 1} of the day cannot be used: ${problem}.`, { line: index + 1 });

/** The values of a day's lines, as `readDay` takes them. */
export function linesOf({ nodes, resources, limits, jobs }: Day): readonly object[] {
  return [
    ...nodes.map((node) => ({ node })),
    ...resources.map((resource) => ({ resource })),
    ...limits.map((limit) => ({ limit })),
    ...jobs.map((job) => ({ job: { ...job, at: job.at.toISOString() } })),
  ];
}
