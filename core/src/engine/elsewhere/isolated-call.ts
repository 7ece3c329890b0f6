import type { Action, ElsewhereContext, Json } from "@callsheet/contract";
import { callsheetError } from "@callsheet/contract";
import type { IsolationHost } from "../isolation/host.ts";
import { endOfIsolated } from "../runner.ts";

/** A function of an action type that looks after work elsewhere, and runs in a process of its own as its handler did. */
export interface IsolatedCall {
  readonly does: "poll" | "cancel";
  readonly handle: Json;
  readonly context: ElsewhereContext;
  readonly definition: Action;
  readonly module: string;
}

export function callIsolated(isolation: IsolationHost, call: IsolatedCall): Promise<unknown> {
  const { does, handle, context, definition, module } = call;
  const { job, configuration, target, attempt, fencing, variables, isOverdue } = context;
  const refuse = () =>
    Promise.reject(callsheetError("wrong_state", "What looks after work elsewhere can only do that."));
  return endOfIsolated(
    isolation.run({
      ...{ module, type: definition.type, memoryMiB: definition.memoryMiB, timeLimitMs: definition.timeLimitMs },
      context: { job, configuration, target, attempt, fencing, variables: variables.all() },
      entry: { does, handle, isOverdue },
      signal: context.signal,
      onProgress: (percent, message, stats) => context.progress(percent, message ?? undefined, stats ?? undefined),
      onLog: (level, message) => context.log[level](message),
      setVariable: (name, value) => variables.set(name, value),
      ...{ asset: refuse, workspace: refuse, publish: refuse, undo: refuse, completionToken: refuse },
    }),
  );
}
