import {
  type Action,
  type ActionType,
  callsheetError,
  type JobAsset,
  type JobContext,
  type JobLog,
  type Json,
  type JsonObject,
  type Target,
  type TransactionClient,
  type Variables,
} from "@callsheet/contract";
import { storableJson, storableText } from "../operations/configuration.ts";
import type { Claimed } from "../store/claim.ts";
import type { NewEntry } from "../store/journal.ts";
import type { Publication } from "./publication.ts";
import { redactJson, redactStats } from "./secrets/redact-end.ts";
import type { Redactor } from "./secrets/redactor.ts";

/** What an attempt needs of its node; everything but `progress` and `log` is asked for rarely. */
export interface AttemptHost {
  /** Stores a variable under the attempt's token. False: it was superseded. */
  putVariable(attempt: Attempt, name: string, value: string): Promise<boolean>;
  readAsset(attempt: Attempt): Promise<JobAsset>;
  makeWorkspace(attempt: Attempt): Promise<string>;
  openPublication(attempt: Attempt): Publication;
  /** Stores an entry of the undo journal under the attempt's token. False: it was superseded. */
  journal(attempt: Attempt, entry: NewEntry): Promise<boolean>;
  /** Completes the attempt in a transaction of a handler's writes. */
  complete<Result>(attempt: Attempt, write: (client: TransactionClient) => Promise<Result>): Promise<Result>;
}

export interface AttemptLine {
  readonly n: number;
  readonly level: string;
  readonly message: string;
}

const LONGEST_LINE = 8_192;
const MOST_LINES = 10_000;
const LONGEST_PATH = 4_096;

/**
 * One execution of a job on this node, and the context that its handler sees. Parts that most handlers never touch are made
 * on first use: a node starts tens of thousands of these a second.
 */
export class Attempt implements JobContext {
  readonly job: JobContext["job"];
  /** What the schema of its type made of the stored one, the values of secrets in their places. */
  configuration: unknown;
  /** Hides the secrets that its configuration holds in all that it says; undefined: there are none. */
  redactor: Redactor | undefined;
  readonly target: Target | null;
  readonly attempt: number;
  readonly fencing: string;
  /** What the handler last said of its progress, until it is stored. */
  latest: { percent: number; message: string | null; stats: JsonObject | null } | undefined;
  /** Lines that are not stored yet. */
  lines: AttemptLine[] | undefined;
  /** It has a row of its own, or is being given one. */
  isAnchored: boolean;
  /** Settled when it has been given its row. */
  anchoring: Promise<void> | undefined;
  /** Another attempt took over, or the job was abandoned: nothing of this one counts any more. */
  isSuperseded = false;
  /** Set when the handler has asked for one. */
  workspaceMade: Promise<string> | undefined;
  /** Set when the handler has published something. */
  publication: Publication | undefined;
  /** Its code; set before the handler is entered. */
  type: ActionType | undefined;
  /** Whether the job was completed while the handler runs; settled when that is known. */
  completing: Promise<boolean> | undefined;
  readonly claimed: Claimed;
  readonly definition: Action;
  /** Milliseconds from the claim to the handler's start. */
  readonly offsetMs: number;
  /** The engine's monotonic clock at the handler's start. */
  readonly startedAt: number;
  readonly #host: AttemptHost;
  #hasMoved = false;
  #farthest = 0;
  #lastMessage: string | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #variables: Record<string, Json> | undefined;
  #lineCount = 0;
  /** By level: the lines of each may be pieces of one text. */
  #redacted: Map<string, (text: string) => string> | undefined;
  #entryCount = 0;

  constructor(
    host: AttemptHost,
    claimed: Claimed,
    definition: Action,
    owner: string,
    times: { startedAt: number; offsetMs: number },
  ) {
    this.#host = host;
    this.claimed = claimed;
    this.definition = definition;
    this.startedAt = times.startedAt;
    this.offsetMs = times.offsetMs;
    this.configuration = claimed.configuration;
    this.target = claimed.target;
    this.attempt = claimed.attempt;
    this.fencing = claimed.token;
    this.isAnchored = false;
    this.job = {
      id: claimed.id,
      action: definition.name,
      type: definition.type,
      owner,
      tags: claimed.tags,
      retries: claimed.retries,
      isFresh: claimed.ordinal > 0,
    };
  }

  /** Whether the handler has shown since the last call that it goes on. */
  takeMoved(): boolean {
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Tells the handler that it should stop. It may ignore it. */
  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  /**
   * Nothing of it counts any more: another attempt took over, or its job was abandoned or failed by its time-out. The
   * handler hears of it only where its action lets a running job be stopped.
   */
  supersede(): void {
    this.isSuperseded = true;
    if (this.definition.cancellable !== "never") this.abort();
  }

  // Both are functions of their own, so that a handler may take them out of its context.
  readonly progress = (percent: number, message?: string, stats?: JsonObject): void => {
    const bounded = Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0;
    // What is said again, with figures of how fast it goes, is no sign that it goes on.
    if (bounded > this.#farthest || message !== this.#lastMessage) this.#hasMoved = true;
    this.#farthest = Math.max(bounded, this.#farthest);
    this.#lastMessage = message;
    this.latest = {
      percent: bounded,
      message: message === undefined ? null : clean(this.redactor?.cut(`${message}`) ?? `${message}`),
      stats: (this.redactor ? redactStats(this.redactor, stats) : stats) ?? null,
    };
  };

  get log(): JobLog {
    const write = (level: string) => (message: string) => {
      this.#hasMoved = true;
      this.#lineCount += 1;
      if (this.#lineCount > MOST_LINES) return;
      const text =
        this.#lineCount === MOST_LINES
          ? `No more than ${MOST_LINES} lines of one attempt are kept.`
          : clean(this.#redactLine(level, String(message)));
      this.lines ??= [];
      this.lines.push({ n: this.#lineCount, level, message: text });
    };
    return { info: write("info"), warn: write("warn"), error: write("error") };
  }

  #redactLine(level: string, message: string): string {
    if (this.redactor === undefined) return message;
    this.#redacted ??= new Map();
    const redact = this.#redacted.get(level) ?? this.redactor.stream();
    this.#redacted.set(level, redact);
    return redact(message);
  }

  get variables(): Variables {
    this.#variables ??= { ...(this.claimed.variables as Record<string, Json> | null) };
    const values = this.#variables;
    return {
      get: (name) => values[name],
      all: () => ({ ...values }),
      set: async (name, value) => {
        const key = storableText(name, "variable", 100);
        const text = storableJson(value, `variable ${key}`);
        const kept = this.redactor ? redactJson(this.redactor, text) : text;
        const stored = await this.#host.putVariable(this, key, kept);
        if (!stored) throw this.stale();
        values[key] = kept === text ? value : (JSON.parse(kept) as Json);
      },
    };
  }

  get asset(): JobContext["asset"] {
    return (): Promise<JobAsset> => this.#host.readAsset(this);
  }

  readonly workspace = (): Promise<string> => {
    this.workspaceMade ??= this.#host.makeWorkspace(this);
    return this.workspaceMade;
  };

  get publish(): JobContext["publish"] {
    return (file, destination) => {
      this.#hasMoved = true;
      this.publication ??= this.#host.openPublication(this);
      return this.publication.stage(file, destination);
    };
  }

  get undo(): JobContext["undo"] {
    return async (name, data, options) => {
      const { path } = Object(options) as { path?: string };
      if (!Object.hasOwn(this.type?.undo ?? {}, name)) throw unknownUndo(this.definition.type, this.type, name);
      const text = storableJson(data, `The data of "${name}"`);
      if (this.redactor && redactJson(this.redactor, text) !== text) throw secretInUndo(name);
      const entry = {
        ...{ id: this.claimed.id, token: this.claimed.token, name, data: text },
        ...{ path: path === undefined ? null : storableText(path, "path", LONGEST_PATH) },
        ...{ keeps: Object.hasOwn(this.type?.keep ?? {}, name), n: ++this.#entryCount },
      };
      if (this.isSuperseded || !(await this.#host.journal(this, entry))) throw this.stale();
    };
  }

  get transaction(): JobContext["transaction"] {
    return async (write) => {
      if (this.completing !== undefined)
        throw callsheetError("wrong_state", "An attempt completes its job once.", { id: this.job.id });
      if (this.isSuperseded) throw this.stale();
      const completion = this.#host.complete(this, write);
      this.completing = completion.then(
        () => true,
        () => false,
      );
      try {
        return await completion;
      } catch (error) {
        // All is as it was: the handler may try again, or end in another way.
        this.completing = undefined;
        throw error;
      }
    };
  }

  /** The error of whatever it asks for once another attempt has taken over. */
  stale(): Error {
    const { id } = this.job;
    return callsheetError("stale_attempt", `Another attempt of job ${id} has taken over.`, { id });
  }
}

function unknownUndo(type: string, known: ActionType | undefined, name: unknown): Error {
  const names = Object.keys(known?.undo ?? {});
  const has = names.length === 0 ? "it can undo nothing" : `it can undo ${names.join(", ")}`;
  const said = `Action type "${type}" has no undo named "${String(name).slice(0, 60)}": ${has}.`;
  return callsheetError("invalid_argument", said, { field: "name" });
}

/** What is written down to undo something is read by whoever undoes it, and shown. */
function secretInUndo(name: string): Error {
  const said = `The data of "${name}" holds a secret. Undo finds it in the configuration, in its place.`;
  return callsheetError("invalid_argument", said, { field: "data" });
}

function clean(text: string): string {
  return text.slice(0, LONGEST_LINE).replaceAll("\0", "\u2400").toWellFormed();
}
