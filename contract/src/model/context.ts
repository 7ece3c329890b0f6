import type { Json, JsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** Variables of a job: kept across its attempts, seen by no other job. */
export interface Variables {
  get(name: string): Json | undefined;
  /** Stores a value. Refused with `stale_attempt` when another attempt has taken over. */
  set(name: string, value: Json): Promise<void>;
  all(): JsonObject;
}

/** Writes lines of the job's log, which are stored soon after; nothing is waited for. */
export interface JobLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** All that an attempt may see. Nothing outside it is needed to run or to retry. */
export interface JobContext<Configuration = unknown> {
  readonly job: {
    readonly id: string;
    readonly action: string;
    readonly type: string;
    readonly owner: string;
    readonly tags: readonly string[];
    readonly retries: number;
    /** Nothing has happened to it since it was created. */
    readonly isFresh: boolean;
  };
  readonly configuration: Configuration;
  readonly target: Target | null;
  /** Numbers executions from 1, never reused. */
  readonly attempt: number;
  /**
   * A whole number, as text, that grows from holder to holder of an object. A system that refuses writes with a smaller
   * number than it has seen is safe from an attempt that was superseded and does not know it yet.
   */
  readonly fencing: string;
  /** Aborted when the job is asked to stop and its action allows it; never otherwise. */
  readonly signal: AbortSignal;
  /** Reports how far the work is, 0 to 100. Cheap: calls are thinned out before they are stored. */
  progress(percent: number, message?: string, stats?: JsonObject): void;
  readonly log: JobLog;
  readonly variables: Variables;
  /** Makes, on the first call, a directory of this attempt only, and returns its path. Removed when the attempt has ended. */
  workspace(): Promise<string>;
  /**
   * Publishes a file of the workspace: it is taken from there, and appears at `destination`, an absolute path, when the
   * attempt has ended well, replacing a file that was there. Nothing of it is visible before, or when the attempt fails, is
   * cancelled or superseded. Files of one attempt appear together or not at all. Returns the path at which it will appear,
   * the links of its directory followed now and never again. Fails with `publish_refused`, `publish_failed` or
   * `stale_attempt`; then the attempt cannot end well any more.
   *
   * A job that must not lose a large file with its attempt may keep it in the directory of the destination instead, with a
   * name that begins with a dot and has the job's id between dots, and publish it from there by its absolute path.
   */
  publish(file: string, destination: string): Promise<string>;
}
