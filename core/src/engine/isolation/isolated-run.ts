import type { JobAsset, JobContext, Json, JsonObject } from "@callsheet/contract";
import type { LogLevel } from "./log-lines.ts";

/** A call for an entry of the undo journal. */
export interface EntryCall {
  readonly does: "undo" | "keep";
  readonly name: string;
  readonly data: Json;
}

/** One attempt whose handler runs in a process of its own. The callbacks must not throw. */
export interface IsolatedRun {
  /** The URL of the module that exports the action type: any export whose `type` equals `type`. */
  readonly module: string;
  readonly type: string;
  /** The limit of its heap, and with a margin of all its memory, in MiB; null: the runtime's own limit. */
  readonly memoryMiB: number | null;
  /** How long the process may live, in milliseconds; null: for ever. */
  readonly timeLimitMs: number | null;
  /** What the handler's context is made from. May hold whatever a structured clone can carry. */
  readonly context: {
    readonly job: JobContext["job"];
    readonly configuration: unknown;
    readonly target: JobContext["target"];
    readonly attempt: number;
    readonly fencing: string;
    readonly variables: JsonObject;
  };
  /** What is called instead of `run`: a function of the type that undoes or keeps an entry of the journal. */
  readonly entry?: EntryCall;
  /** Aborted: the handler's own signal aborts. Never ends the process. */
  readonly signal: AbortSignal;
  /** Aborted: the process and all that it started are ended at once, for an attempt that counts no more. */
  readonly kill?: AbortSignal;
  onProgress(percent: number, message: string | null, stats: JsonObject | null): void;
  onLog(level: LogLevel, message: string): void;
  setVariable(name: string, value: Json): Promise<void>;
  asset(): Promise<JobAsset>;
  workspace(): Promise<string>;
  publish(file: string, destination: string): Promise<string>;
  undo(name: string, data: Json, path: string | null): Promise<void>;
}
