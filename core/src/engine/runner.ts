import { type ActionType, type CallsheetError, callsheetError } from "@callsheet/contract";
import { checkConfiguration } from "../operations/configuration.ts";
import type { Claimed } from "../store/claim.ts";
import type { ActionVersion } from "../store/dictionary.ts";
import { Attempt, type AttemptHost, contextFor } from "./attempt.ts";
import type { IsolationHost } from "./isolation/host.ts";
import { endOfReturn, endOfThrow, type HandlerEnd } from "./outcome.ts";
import type { Part } from "./part.ts";

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
  readonly slots: number;
  readonly isolation: IsolationHost;
  readonly host: AttemptHost;
  readonly onEnd: (attempt: Attempt, size: number, end: HandlerEnd) => void;
}

/** Runs handlers, at most `slots` at once: find the type, read the configuration, build the context, run, read the outcome. */
export interface Runner {
  /** Enters the handler of a job; the caller has checked that a slot is free. */
  start(ready: Ready): void;
  readonly running: ReadonlyMap<string, Attempt>;
  readonly free: number;
}

export function createRunner({ part, slots, isolation, host, onEnd }: RunnerOptions): Runner {
  const { environment, types } = part;
  const running = new Map<string, Attempt>();

  const finish = (attempt: Attempt, size: number, end: HandlerEnd) => {
    running.delete(attempt.job.id);
    if (attempt.workspacePath !== undefined) {
      environment.files.remove(attempt.workspacePath).catch((error: unknown) => part.log.error("workspace", error));
    }
    onEnd(attempt, size, end);
  };

  const enter = (attempt: Attempt): Promise<HandlerEnd> => {
    const { definition } = attempt;
    const type = types.get(definition.type);
    if (!type) throw callsheetError("unknown_action_type", `This node does not know action type "${definition.type}".`);
    const configuration = checkConfiguration(type.configuration, attempt.configuration);
    if (definition.isolation === "process") return enterIsolated(isolation, attempt, type);
    return type.run(contextFor(attempt, type, configuration)).then(endOfReturn, endOfThrow);
  };

  return {
    running,
    get free() {
      return slots - running.size;
    },
    start: ({ claimed, version, owner, size, claimedAt }) => {
      const startedAt = environment.monotonic();
      const offsetMs = Math.max(0, Math.round(startedAt - claimedAt));
      const attempt = new Attempt(host, claimed, version.definition, owner, { startedAt, offsetMs });
      running.set(claimed.id, attempt);
      let end: Promise<HandlerEnd>;
      try {
        end = enter(attempt);
      } catch (error) {
        end = Promise.resolve(endOfThrow(withoutStack(error)));
      }
      end.then(
        (done) => finish(attempt, size, done),
        (error: unknown) => finish(attempt, size, endOfThrow(error)),
      );
    },
  };
}

/** An error of the catalogue is a message to people. */
function withoutStack(error: unknown): unknown {
  const { code, message, details } = error as CallsheetError;
  return typeof code === "string" ? { code, message, data: details } : error;
}

async function enterIsolated(isolation: IsolationHost, attempt: Attempt, type: ActionType): Promise<HandlerEnd> {
  const { definition, job, target, attempt: number, variables } = attempt;
  if (!type.module)
    throw callsheetError(
      "invalid_argument",
      `Action type "${type.type}" names no module to run in a process of its own.`,
    );
  const outcome = await isolation.run({
    module: type.module,
    type: type.type,
    memoryMiB: definition.memoryMiB,
    context: { job, configuration: attempt.configuration, target, attempt: number, variables: variables.all() },
    signal: attempt.signal,
    onProgress: (percent, message, stats) => attempt.progress(percent, message ?? undefined, stats ?? undefined),
    onLog: (level, message) => attempt.log[level](message),
    setVariable: (name, value) => variables.set(name, value),
    workspace: () => attempt.workspace(),
  });
  switch (outcome.kind) {
    case "returned":
      return endOfReturn(outcome.value);
    case "threw":
      return endOfThrow(
        outcome.error.stack === undefined ? outcome.error : { ...outcome.error, code: outcome.error.code },
      );
    case "died":
      return endOfThrow({ code: outcome.code, message: outcome.message });
  }
}
