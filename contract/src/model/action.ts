import { z } from "zod";
import { requirementsSchema } from "./capability.ts";
import type { JobContext, UndoContext } from "./context.ts";
import type { Cancel, Poll } from "./elsewhere.ts";
import type { Json } from "./json.ts";
import { LOCK_MODES } from "./lock.ts";
import { nameSchema } from "./name.ts";
import type { Outcome } from "./outcome.ts";
import { needsSchema } from "./resource.ts";
import { retryPolicySchema } from "./retry.ts";

/** What may happen to a running job when somebody cancels it (MISSION 3). */
export const CANCELLABLE = ["never", "asks", "abandon"] as const;
/** Whether an overrun job is only marked, or failed (MISSION 4). */
export const ON_TIMEOUT = ["flag", "fail"] as const;
/** Where a handler runs: in the node's process, or in one of its own. */
export const ISOLATIONS = ["none", "process"] as const;
/** What becomes of a job whose node died while it ran: it is tried again up to three times, or fails (MISSION 14). */
export const ON_NODE_LOST = ["retry", "fail"] as const;
export type OnNodeLost = (typeof ON_NODE_LOST)[number];
/** What an action can be used for beside single jobs. */
export const ACTION_FLAGS = ["group", "groupMember", "workflow", "timed"] as const;
/** How the code of an action type can take groups: as a whole, or by their members. */
export const GROUP_FLAGS = ["group", "groupMember"] as const satisfies readonly (typeof ACTION_FLAGS)[number][];
export type GroupFlag = (typeof GROUP_FLAGS)[number];

const actionFields = {
  /** Unique, and how jobs are created by name. */
  name: nameSchema,
  /** The action type: the code that runs. */
  type: nameSchema,
  description: z.string().max(2_000).default(""),
  enabled: z.boolean().default(true),
  /** Defaults that each job's own configuration is laid over, then copied. */
  configuration: z.record(z.string(), z.unknown()).default({}),
  /** Capabilities that a node must have to run its jobs, beside those that the type derives from a configuration. */
  requires: requirementsSchema.default([]),
  /** Units of resources that each attempt holds while it lives, by name, or by tag (`#tag`). */
  needs: needsSchema.default({}),
  /** How each job locks its target. */
  lock: z.enum(LOCK_MODES).default("none"),
  queue: nameSchema.default("default"),
  site: nameSchema.default("default"),
  priority: z.enum(["lowest", "low", "normal", "high", "highest", "urgent"]).default("normal"),
  /** How long an attempt may run before it is marked or failed, in milliseconds; null: for ever. */
  timeoutMs: z.int().min(1).max(31_536_000_000).nullable().default(null),
  onTimeout: z.enum(ON_TIMEOUT).default("flag"),
  /**
   * For how long an attempt may show no progress, log line or byte before it is said to have stalled, in milliseconds. Nothing is
   * stopped. Null: for ever; absent: as its type says.
   */
  stallAfterMs: z.int().min(1_000).max(31_536_000_000).nullable().optional(),
  cancellable: z.enum(CANCELLABLE).default("never"),
  isolation: z.enum(ISOLATIONS).default("none"),
  /** The heap of an isolated handler, in MiB; null: the runtime's own limit. */
  memoryMiB: z.int().min(32).max(1_048_576).nullable().default(null),
  /** How long an isolated handler's process may live, in milliseconds: then it is ended. Null: for ever. */
  timeLimitMs: z.int().min(1).max(31_536_000_000).nullable().default(null),
  retry: retryPolicySchema.prefault({}),
  /** The action of the job that undoes a completed one, and of the job that does it again after that; absent: there is none. */
  undoAction: nameSchema.optional(),
  redoAction: nameSchema.optional(),
  /** What becomes of a job whose node died; absent: as its type says. */
  onNodeLost: z.enum(ON_NODE_LOST).optional(),
  flags: z.array(z.enum(ACTION_FLAGS)).default([]),
  /** A CEL condition over `target`, `owner`, `tags` and `configuration`; a job is refused when it is false. */
  runRule: z.string().max(4_000).nullable().default(null),
};

/** Reads an action as callers write it, filling in its defaults. */
export const actionSchema = z.strictObject(actionFields);
/** An action as callers write it: only `name` and `type` are needed. */
export type ActionInput = z.input<typeof actionSchema>;

/** A named definition of work, as stored. Each change makes a new version; jobs keep theirs. */
export type Action = z.output<typeof actionSchema> & { readonly version: number };

/** Work that the handler of an action type does. The return value is the job's result. */
export type Run<Configuration, Result, UndoName extends string = string> = (
  context: JobContext<Configuration, UndoName>,
) => Promise<Result | Outcome>;

/** Does something with an entry of the undo journal. It may be called again after it was done, or before it could be. */
export type Undo<Configuration = unknown> = (data: Json, context: UndoContext<Configuration>) => Promise<void>;

/** Code that can run: a name, the schema of its configuration, `run`. Plain data, whoever made it. */
export interface ActionType<Schema extends z.ZodType = z.ZodType, Result = unknown> {
  readonly type: string;
  /** Counts up from 1, with each change after which older code must not run the jobs that newer code checked. */
  readonly version: number;
  /** The oldest version whose jobs this code still runs. Default 1: those of all before it. */
  readonly readsFrom?: number;
  readonly configuration: Schema;
  /** The URL of the module that exports this type; needed for isolation `process`. */
  readonly module?: string;
  /**
   * Undoes what an attempt journaled, by name; each must be idempotent, for it may be called again by another node, and for
   * something that was announced and never done. Above `run`, it lets `context.undo` know the names.
   */
  readonly undo?: Readonly<Record<string, Undo<z.output<Schema>>>>;
  /**
   * Makes final what an attempt journaled, by name, such as emptying a trash: called once the job has completed, or the path
   * was processed. Idempotent as well. Default: nothing is to be done.
   */
  readonly keep?: Readonly<Record<string, Undo<z.output<Schema>>>>;
  /** How an undo, or a keep, that fails is tried again before an operator has to decide. Default: five times, from a second to a minute apart. */
  readonly undoRetry?: Readonly<z.input<typeof retryPolicySchema>>;
  readonly run: Run<z.output<Schema>, Result>;
  /**
   * Looks how work stands that goes on elsewhere. What it returns is what `run` might have: `elsewhere(handle)`, the handle
   * being a new one perhaps, when the work goes on, a result when it is done, `failed(…)` when it failed. An error that it
   * throws says nothing of the work: it is called again. Default: nobody asks, and the completion token ends the attempt.
   */
  readonly poll?: Poll<z.output<Schema>, Result>;
  /** How long after a poll the next one comes, in milliseconds, from 100 to a day. Default 30,000. */
  readonly pollEveryMs?: number;
  /**
   * Asks work that goes on elsewhere to stop: its job is being cancelled, or is over before it, and the action lets a running
   * job be cancelled. It has stopped once this has resolved, unless that is with `elsewhere(handle)`: then it is polled until
   * it ends. Idempotent; called again when it throws. Default: `poll` is called, its `signal` aborted.
   */
  readonly cancel?: Cancel<z.output<Schema>>;
  /**
   * What a time-out counts from: the start, or the last progress that was reported by `queues` (jobs of kind `queue`), or from
   * elsewhere. Default `start`.
   */
  readonly timeoutFrom?: "start" | "progress";
  /** For how long an attempt may show no sign that it moves, where its action does not say, in milliseconds. Default: for ever. */
  readonly stallAfterMs?: number;
  /**
   * What becomes of a job whose node died while it ran, where its action does not say: `fail` for work that only a person may
   * begin a second time, such as a call that cannot be told apart from the first. What it journaled is undone all the same.
   * Default `retry`: up to three times.
   */
  readonly onNodeLost?: OnNodeLost;
  /** How its actions take groups where they do not say so by flags of their own. Default: not at all. */
  readonly flags?: readonly GroupFlag[];
  /**
   * The capabilities that a node must have to run a job of this configuration, such as `ffmpeg.encoder.libx265`; at most 100,
   * and few different sets. It depends on the configuration alone. Asked when a job is created or amended; a process that does
   * not have this code knows only what the action requires.
   */
  requires?(configuration: z.output<Schema>): readonly string[];
  /**
   * What `secret://name` in a configuration is: a reference, whose value the handler gets in its place, or a text like any
   * other. Default `references`.
   */
  readonly secrets?: "references" | "texts";
}

/** An action type as it is written: what it journals is among what it can undo. */
export type ActionTypeDefinition<Schema extends z.ZodType, Result, UndoName extends string> = Omit<
  ActionType<Schema, Result>,
  "undo" | "keep" | "run"
> & {
  readonly undo?: Readonly<Record<UndoName, Undo<z.output<Schema>>>>;
  readonly keep?: { readonly [Name in NoInfer<UndoName>]?: Undo<z.output<Schema>> };
  readonly run: Run<z.output<Schema>, Result, NoInfer<UndoName>>;
};

/** Declares an action type; configuration, result and the names that it can undo are inferred. */
export function defineActionType<Schema extends z.ZodType, Result, UndoName extends string = never>(
  definition: ActionTypeDefinition<Schema, Result, UndoName>,
): ActionType<Schema, Result> {
  return Object.freeze({ ...(definition as ActionType<Schema, Result>) });
}
