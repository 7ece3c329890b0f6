import {
  type Authority,
  callsheetError,
  type ErrorCode,
  isOutcome,
  type JobState,
  type JsonObject,
} from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { endOfReturn, endOfThrow, type HandlerEnd } from "./engine/outcome.ts";
import { sayEnd, sayProgress } from "./operations/elsewhere/said.ts";

/**
 * What somebody outside says of work that goes on elsewhere. An attempt is named by its completion token, or, by people who see to
 * it, by the id of its job: then the last one is meant. Every word fails with `unknown_token`, with `already_ended` when the end
 * was told before, and with `stale_attempt` when the job counts on it no more.
 */
export class ElsewhereWork {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Says that the work is done, with what a handler might have returned: a result, or `partial(…)` and its like. Answers where the
   * job stands; while its handler has not returned the word waits for that. Fails with `unstorable_result` as well.
   */
  async complete(ref: string, result?: unknown): Promise<JobState> {
    return this.#end(ref, endOf(result));
  }

  /** Says that the work failed: what follows is what follows an error with this code and message that a handler throws. */
  fail(
    ref: string,
    error: { readonly code?: string; readonly message: string; readonly data?: unknown },
  ): Promise<JobState> {
    if (typeof Object(error).message !== "string")
      return Promise.reject(callsheetError("invalid_argument", "A failure has a message.", { field: "message" }));
    return this.#end(ref, endOfThrow({ ...error }));
  }

  /** Says how far the work is, 0 to 100. Answers where the job stands: `cancelling` asks the work to stop. */
  progress(ref: string, percent: number, message?: string, stats?: JsonObject): Promise<JobState> {
    const said = { percent, ...(message === undefined ? {} : { message }), ...(stats === undefined ? {} : { stats }) };
    return sayProgress(this.#engine.desk, ref, said);
  }

  /** Says that the work goes on. Answers where the job stands: `cancelling` asks the work to stop. */
  heartbeat(ref: string): Promise<JobState> {
    return sayProgress(this.#engine.desk, ref);
  }

  async #end(ref: string, { ending, result }: HandlerEnd): Promise<JobState> {
    const { desk, random, waiting } = this.#engine;
    const word = { ending, ...(result === null ? {} : { result }) };
    const { id, state } = await sayEnd(desk, ref, word, { ...this.#authority, random });
    waiting.settled([id]);
    return state;
  }
}

/** A result that cannot be stored is the caller's mistake: the work may say it again. */
function endOf(result: unknown): HandlerEnd {
  const end = endOfReturn(result);
  if ("handle" in end)
    throw callsheetError("invalid_argument", "The work goes on elsewhere already: say what came of it.", {
      field: "result",
    });
  const isMeant = isOutcome(result) && result.kind === "failed";
  if (end.ending.kind !== "failed" || isMeant) return end;
  const { code, message } = end.ending.error;
  throw callsheetError(code as ErrorCode, message, { field: "result" });
}
