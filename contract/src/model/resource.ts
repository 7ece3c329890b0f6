import { z } from "zod";
import { LONGEST_NODE_NAME, nameSchema } from "./name.ts";
import { capacitySchema, windowSchema } from "./window.ts";

/** Where a resource's capacity counts: in the whole cluster, at one site, or on one node. */
export const RESOURCE_SCOPES = ["cluster", "site", "node"] as const;
export type ResourceScope = (typeof RESOURCE_SCOPES)[number];

const unitsSchema = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const tagSchema = z.templateLiteral(["#", nameSchema]);

/** Units of resources by name, or by tag: `{ transcode: 1, "#gpu": 2 }`; at most 20. */
export const needsSchema = z
  .record(z.union([nameSchema, tagSchema]), unitsSchema)
  .refine((needs) => Object.keys(needs).length <= 20, "at most 20 resources")
  .overwrite((needs) => Object.fromEntries(Object.entries(needs).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The resources that a node has for itself, by name: `{ gpu: 2, memory: 64000 }`; at most 100. */
export const nodeResourcesSchema = z
  .record(nameSchema, capacitySchema)
  .refine((resources) => Object.keys(resources).length <= 100, "at most 100 resources");

/** What counts when the outside has not been heard for too long: what it last said, nothing of it, or no capacity at all. */
export const WHEN_STALE = ["keep", "ignore", "stop"] as const;

/** How far to trust what the outside, such as a licence server, says is left. */
const externalSchema = z.strictObject({
  /** A word older than this is stale. Default: a minute. */
  staleAfterMs: z.int().min(1).max(31_536_000_000).default(60_000),
  whenStale: z.enum(WHEN_STALE).default("keep"),
});
export type ExternalRule = z.output<typeof externalSchema>;

/** Reads a resource as callers write it. A resource is of the whole cluster unless a site or a node is named. */
export const resourceSchema = z
  .strictObject({
    /** Units that there are outside all windows. */
    capacity: capacitySchema,
    site: nameSchema.optional(),
    node: z.string().min(1).max(LONGEST_NODE_NAME).optional(),
    description: z.string().max(2_000).default(""),
    /** What jobs may ask for instead of its name, as `#tag`. */
    tags: z
      .array(nameSchema)
      .max(50)
      .overwrite((tags) => [...new Set(tags)].sort())
      .default([]),
    /** Other capacities at some times of the day; the first that holds counts. */
    windows: z.array(windowSchema).max(100).default([]),
    /** Null: nobody outside has a say. */
    external: externalSchema.nullable().default(null),
  })
  .refine(({ site, node }) => site === undefined || node === undefined, {
    message: "a resource of a node is not one of a site",
    path: ["node"],
  });
/** A resource as callers write it: only `capacity` is needed. */
export type ResourceInput = z.input<typeof resourceSchema>;

/** Which of the resources of one name is meant: that of a site, of a node, or, without either, of the cluster. */
export interface ResourcePlace {
  readonly site?: string | undefined;
  readonly node?: string | undefined;
}

/** Whether jobs that need it start. Draining: none does, and some still hold units; it is stopped when none does any more. */
export type ResourceState = "started" | "draining" | "stopped";

/** A job that holds units, or waits for them. */
export interface ResourceHolder {
  readonly jobId: string;
  readonly units: number;
}

/** Jobs of one kind that wait for more units than there ever are. */
export interface NeverStarting {
  readonly action: string;
  readonly site: string;
  readonly queue: string;
  readonly units: number;
  readonly jobs: number;
}

/** A resource as every reader sees it. */
export interface Resource {
  readonly name: string;
  readonly scope: ResourceScope;
  /** The name of its site or node; null: of the cluster. */
  readonly place: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly state: ResourceState;
  /** Why it was stopped or drained, and by whom. */
  readonly reason: string | null;
  readonly actor: string | null;
  /** Units as declared, outside all windows. */
  readonly capacity: number;
  /** Units that count now: by its windows, and by what the outside leaves. */
  readonly effectiveCapacity: number;
  readonly used: number;
  readonly windows: readonly z.output<typeof windowSchema>[];
  readonly external: ExternalRule | null;
  /** What the outside last said: `total` is what it left, with what was used then. Null: it has said nothing. */
  readonly outside: { readonly total: number; readonly at: Date; readonly isStale: boolean } | null;
  /** Units held back for a job that needs more than are free. `until` is null where nobody knows how long what runs will take. */
  readonly reserved: { readonly jobId: string; readonly units: number; readonly until: Date | null } | null;
  /** Waiting jobs that need more than its capacity, so that they never start. */
  readonly neverStart: readonly NeverStarting[];
}

/** A resource with who holds it. */
export interface ResourceDetails extends Resource {
  /** Jobs that hold units now, longest first. */
  readonly holders: readonly (ResourceHolder & { readonly since: Date; readonly node: string | null })[];
  /** Due jobs that need it, counted up to 10,000. */
  readonly waiting: number;
}

/** What the outside has to say of a pool's capacity. */
export interface OutsideTruth {
  readonly external: ExternalRule | null;
  readonly externalTotal: number | null;
  readonly externalAt: Date | null;
}

/** Units that count now, of those that a pool has by its windows. */
export function effectiveCapacity(pool: OutsideTruth & { readonly capacity: number }, now: Date): number {
  const { external, externalTotal, capacity } = pool;
  if (external === null) return capacity;
  if (externalTotal === null || isStale(pool, now)) {
    if (external.whenStale === "stop") return 0;
    if (external.whenStale === "ignore" || externalTotal === null) return capacity;
  }
  return Math.min(capacity, externalTotal);
}

/** Whether the outside has said nothing for longer than its rule allows. */
export function isStale({ external, externalAt }: OutsideTruth, now: Date): boolean {
  return external !== null && (externalAt === null || now.getTime() - externalAt.getTime() > external.staleAfterMs);
}
