import type { JobAsset } from "./asset.ts";
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

/** Who writes in a transaction: what `pg` clients are, and what wraps them. */
export interface TransactionClient {
  query<Row = Readonly<Record<string, unknown>>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Row[]; readonly rowCount: number }>;
}

/** All that an attempt may see. Nothing outside it is needed to run or to retry. `UndoName`: what its type can undo. */
export interface JobContext<Configuration = unknown, UndoName extends string = string> {
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
  /**
   * The asset that is its target, as it is catalogued now. Fails with `invalid_argument` when its target is none, with
   * `unknown_asset`, and with `media_root_missing` when this node has not the root of its file.
   */
  asset(): Promise<JobAsset>;
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
  /**
   * Journals what the handler is about to do. Once this has resolved it is stored, whatever happens next: when the job fails,
   * is cancelled or loses its node, the function of its action type's `undo` of this name is called with `data`, the last
   * entry first, until all is undone. Call it before the effect, and wait for it. Names and data are stored as JSON, at most
   * 1 MiB. An entry that names a `path` is undone by itself when the job ends partial and its problems name that path.
   * Fails with `invalid_argument` for a name that the type cannot undo, and with `stale_attempt` when another attempt has
   * taken over.
   */
  undo(name: UndoName, data: Json, options?: { readonly path?: string }): Promise<void>;
  /**
   * Completes the job in a transaction of its own database: what `write` writes there and the end of the job are stored
   * together, or neither is. `write` answers the job's result; what the handler returns afterwards counts no more. When
   * `write` throws, all is as it was, and the handler goes on. It is called again, in a new transaction, when the first one
   * met others. Fails with `stale_attempt` when another attempt has taken over, and with `wrong_state` in a process of its own.
   */
  transaction<Result>(write: (client: TransactionClient) => Promise<Result>): Promise<Result>;
}

/** What a function sees that undoes or keeps something. */
export interface UndoContext<Configuration = unknown>
  extends Pick<JobContext<Configuration>, "job" | "configuration" | "target"> {
  /** The attempt that journaled the entry. */
  readonly attempt: number;
  /** As of an attempt: greater than all that the job had before, and than that of whoever tried to undo it before. */
  readonly fencing: string;
  readonly variables: Pick<Variables, "get" | "all">;
  /** Aborted when somebody else takes over. */
  readonly signal: AbortSignal;
}
