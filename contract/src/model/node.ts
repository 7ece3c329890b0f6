import { z } from "zod";
import type { JobState } from "./lifecycle.ts";
import { nameSchema } from "./name.ts";
import type { Target } from "./target.ts";

/** What people tell nodes apart by, such as `{ rack: "3", gpu: "a40" }`: at most 100, of at most 200 characters each. */
export const labelsSchema = z
  .record(nameSchema, z.string().max(200))
  .refine((labels) => Object.keys(labels).length <= 100, "at most 100 labels");
export type Labels = z.output<typeof labelsSchema>;

/** How a life of a node stands, and what that means. */
export const NODE_STATES = {
  up: "It runs jobs.",
  maintenance: "It stays, and starts nothing until its maintenance is over.",
  draining: "It starts nothing more, and ends when what it runs has ended.",
  gone: "It ended by itself.",
  dead: "It was declared dead: its process had ended, or its heartbeat stood still.",
} as const;
export type NodeState = keyof typeof NODE_STATES;

/** One life of a node, from its registration to its end. */
export interface NodeLife {
  readonly name: string;
  /** Of this life alone. */
  readonly incarnation: string;
  readonly state: NodeState;
  readonly site: string;
  readonly slots: number;
  /** Attempts that stand as running on it. */
  readonly running: number;
  /** Names of the action types that it runs. */
  readonly types: readonly string[];
  readonly capabilities: readonly string[];
  readonly labels: Labels;
  readonly host: string;
  readonly pid: number;
  /** The version of the time zone data by which it computes local times, such as `2025c`; null: it is not known. */
  readonly timeZones: string | null;
  readonly startedAt: Date;
  /** When its heart last beat, by the database's clock. For people: a node is never judged by it. */
  readonly heardAt: Date;
  /** For how long its event loop had not turned at its last heartbeat, in milliseconds. */
  readonly lagMs: number;
  /** Words of superseded attempts that were refused during this life of its process. */
  readonly refused: number;
  /** Of its maintenance, or of who asked it to drain. */
  readonly reason: string | null;
  readonly actor: string | null;
  readonly endedAt: Date | null;
  /** Why it ended. */
  readonly cause: string | null;
}

/** A job that a node runs. */
export interface NodeJob {
  readonly id: string;
  readonly action: string;
  readonly state: JobState;
  readonly target: Target | null;
  readonly startedAt: Date | null;
}

/** A life of a node with what it runs, and the lives of its name before it. */
export interface NodeDetails extends NodeLife {
  /** The first hundred. */
  readonly jobs: readonly NodeJob[];
  /** The last ten before it, newest first. */
  readonly earlier: readonly NodeLife[];
}

/** Which lives of nodes to list. */
export interface NodeFilter {
  /** Also those that have ended. Default false. */
  readonly ended?: boolean;
  readonly site?: string;
  /** Those that carry all of these. */
  readonly labels?: Labels;
  /** Default 1,000, and at most that. */
  readonly limit?: number;
}
