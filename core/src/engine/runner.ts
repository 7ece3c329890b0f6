import { type ActionType, type CallsheetError, callsheetError, isCallsheetError } from "@callsheet/contract";
import { checkConfiguration } from "../operations/configuration.ts";
import type { Claimed } from "../store/claim.ts";
import type { ActionVersion } from "../store/dictionary.ts";
import { Attempt, type AttemptHost } from "./attempt.ts";
import { type Concluding, lastEnd } from "./conclude.ts";
import type { IsolatedOutcome, IsolationHost } from "./isolation/host.ts";
import { endOfReturn, endOfThrow, type HandlerEnd, type Left } from "./outcome.ts";
import type { Part } from "./part.ts";
import { RunningAttempts } from "./running-attempts.ts";
import { redactEnd, redactLeft } from "./secrets/redact-end.ts";
import type { Vault } from "./secrets/vault.ts";

/** A job that was claimed, with what is needed to enter its handler. */
export interface Ready {
  readonly claimed: Claimed;
  readonly version: ActionVersion;
  readonly owner: string;
  /** Members of its claim; 0 for a job with a row of its own. */
  readonly size: number;
  readonly claimedAt: number;
}

export interface RunnerOptions {
  readonly part: Part;
  readonly slots: () => number;
  /** The code that this node was given. */
  readonly types: readonly ActionType[];
  readonly isolation: IsolationHost;
  readonly vault: Vault;
  readonly host: AttemptHost & Pick<Concluding, "isStanding">;
  /** A handler is entered. */
  readonly onBegin: () => void;
  readonly onEnd: (attempt: Attempt, size: number, end: HandlerEnd | Left) => void;
}

/** Runs handlers, at most `slots` at once: find the type, read the configuration, build the context, run, read the outcome. */
export interface Runner {
  /** Enters the handler of a job; the caller has checked that a slot is free. */
  start(ready: Ready): void;
  readonly running: ReadonlyMap<string, Attempt>;
  readonly free: number;
}

export function createRunner(options: RunnerOptions): Runner {
  const { part, slots, types, host, onBegin, onEnd } = options;
  const { environment } = part;
  const known = new Map(types.map((type) => [type.type, type]));
  const running = new RunningAttempts();

  const finish = (attempt: Attempt, size: number, said: HandlerEnd | Left) => {
    running.remove(attempt);
    attempt.workspaceMade
      ?.then(environment.files.remove, () => {})
      .catch((error: unknown) => part.log.error("workspace", error));
    onEnd(attempt, size, redacted(attempt, said));
  };

  const ended = (attempt: Attempt, size: number, said: HandlerEnd | Left) => {
    if (attempt.publication === undefined && attempt.completing === undefined) return finish(attempt, size, said);
    const end = "handle" in said ? endOfThrow(PUBLISHED_AND_LEFT) : said;
    // It keeps its slot until its files are in place, or gone.
    const isStanding = (one: Attempt) => host.isStanding(one);
    void lastEnd(attempt, end, { isStanding, log: part.log }).then((last) => finish(attempt, size, last));
  };

  const enter = (attempt: Attempt): unknown => {
    const { type: name } = attempt.definition;
    const type = known.get(name);
    if (!type) throw callsheetError("unknown_action_type", `This node does not know action type "${name}".`);
    return enterHandler(type, attempt, options);
  };

  return {
    get running() {
      return running.all;
    },
    get free() {
      return slots() - running.all.size;
    },
    start: ({ claimed, version, owner, size, claimedAt }) => {
      const startedAt = environment.monotonic();
      const offsetMs = Math.max(0, Math.round(startedAt - claimedAt));
      const attempt = new Attempt(host, claimed, version.definition, owner, { startedAt, offsetMs });
      running.add(attempt);
      onBegin();
      const returned = (value: unknown) => ended(attempt, size, endOfReturn(value));
      const threw = (error: unknown) => ended(attempt, size, endOfThrow(error));
      try {
        // A handler that is no async function may return anything.
        Promise.resolve(enter(attempt)).then(returned, threw);
      } catch (error) {
        queueMicrotask(() => threw(isCallsheetError(error) ? asMessage(error) : error));
      }
    },
  };
}

const PUBLISHED_AND_LEFT = {
  code: "publish_refused",
  message: "What was published appears when its attempt ends: it cannot wait for work that goes on elsewhere.",
};

function redacted({ redactor }: Attempt, said: HandlerEnd | Left): HandlerEnd | Left {
  if (redactor === undefined) return said;
  return "handle" in said ? redactLeft(redactor, said) : redactEnd(redactor, said);
}

/** How many handlers run by owner. */
export function runningByOwner({ running }: Runner): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { claimed } of running.values()) counts.set(claimed.ownerId, (counts.get(claimed.ownerId) ?? 0) + 1);
  return counts;
}

/** Reads the configuration, the secrets in their places, and enters the handler: without a wait where there are none. */
function enterHandler(type: ActionType, attempt: Attempt, { isolation, vault }: RunnerOptions): unknown {
  attempt.type = type;
  const { configuration, mayReferToSecrets } = attempt.claimed;
  if (!mayReferToSecrets || type.secrets === "texts") return enterWith(configuration, type, attempt, isolation);
  const { job, definition } = attempt;
  const asker = { jobId: job.id, attempt: attempt.attempt, action: definition.name };
  const asking = { ...asker, configuration, isOver: () => attempt.isSuperseded };
  return vault.unseal(asking).then((unsealed) => {
    attempt.redactor = unsealed.redactor;
    return enterWith(unsealed.configuration, type, attempt, isolation);
  });
}

function enterWith(configuration: unknown, type: ActionType, attempt: Attempt, isolation: IsolationHost): unknown {
  attempt.configuration = checkConfiguration(type.configuration, configuration);
  return attempt.definition.isolation === "process" ? enterIsolated(isolation, attempt, type) : type.run(attempt);
}

/** An error of the catalogue is a message to people: it keeps no stack. */
function asMessage({ code, message, details }: CallsheetError): object {
  return { code, message, data: details };
}

async function enterIsolated(isolation: IsolationHost, attempt: Attempt, type: ActionType): Promise<unknown> {
  const { definition, job, target, attempt: number, fencing, variables } = attempt;
  if (!type.module)
    throw callsheetError(
      "invalid_argument",
      `Action type "${type.type}" names no module to run in a process of its own.`,
    );
  return endOfIsolated(
    isolation.run({
      module: type.module,
      type: type.type,
      memoryMiB: definition.memoryMiB,
      timeLimitMs: definition.timeLimitMs,
      context: {
        job,
        configuration: attempt.configuration,
        target,
        attempt: number,
        fencing,
        variables: variables.all(),
      },
      signal: attempt.signal,
      onProgress: (percent, message, stats) => attempt.progress(percent, message ?? undefined, stats ?? undefined),
      onLog: (level, message) => attempt.log[level](message),
      setVariable: (name, value) => variables.set(name, value),
      asset: () => attempt.asset(),
      workspace: () => attempt.workspace(),
      publish: (file, destination) => attempt.publish(file, destination),
      undo: (name, data, path) => attempt.undo(name, data, path === null ? {} : { path }),
      completionToken: () => attempt.completionToken(),
    }),
  );
}

/** What a function in a process of its own returned; rejects with what it threw, or with how it died. */
export async function endOfIsolated(run: Promise<IsolatedOutcome>): Promise<unknown> {
  const outcome = await run;
  switch (outcome.kind) {
    case "returned":
      return outcome.value;
    case "threw":
      throw outcome.error;
    case "died":
      throw { code: outcome.code, message: outcome.message };
  }
}
