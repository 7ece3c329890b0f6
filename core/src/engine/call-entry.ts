import { type Action, type ActionType, callsheetError, type Json, type UndoContext } from "@callsheet/contract";
import type { EntryToDo } from "../store/journal.ts";
import type { TakenRollback } from "../store/rollback.ts";
import type { IsolationHost } from "./isolation/host.ts";
import { endOfIsolated } from "./runner.ts";

/** A function of an action type that is called for an entry of the journal. */
export interface EntryWork {
  readonly taken: TakenRollback;
  readonly entry: EntryToDo;
  readonly type: ActionType;
  readonly definition: Action;
  readonly owner: string;
  /** As the schema of the type reads it. */
  readonly configuration: unknown;
  readonly isolation: IsolationHost;
  /** Aborted when somebody else takes over. */
  readonly signal: AbortSignal;
}

/** Undoes or keeps an entry, where its handler ran: in this process, or in one of its own. Rejects when that fails. */
export async function callEntry(work: EntryWork): Promise<void> {
  const { taken, entry, type, definition, isolation, signal } = work;
  const does = taken.undoes ? "undo" : "keep";
  const { name, data } = entry;
  const act = Object.hasOwn(type[does] ?? {}, name) ? type[does]?.[name] : undefined;
  if (act === undefined)
    throw callsheetError("unknown_action_type", `Action type "${type.type}" has no ${does} named "${name}" here.`);
  const variables = (taken.variables ?? {}) as Readonly<Record<string, Json>>;
  const facts = factsOf(work);
  if (definition.isolation !== "process" || !type.module)
    return act(data, { ...facts, signal, variables: { get: (key) => variables[key], all: () => ({ ...variables }) } });
  const refuse = () => Promise.reject(callsheetError("wrong_state", "What undoes something can only do that."));
  await endOfIsolated(
    isolation.run({
      ...{
        module: type.module,
        type: type.type,
        memoryMiB: definition.memoryMiB,
        timeLimitMs: definition.timeLimitMs,
        signal,
      },
      context: { ...facts, variables },
      entry: { does, name, data },
      ...{ onProgress: () => {}, onLog: () => {} },
      ...{
        setVariable: refuse,
        asset: refuse,
        workspace: refuse,
        publish: refuse,
        undo: refuse,
        completionToken: refuse,
      },
    }),
  );
}

function factsOf(work: EntryWork): Omit<UndoContext, "variables" | "signal"> {
  const { taken, entry, definition, owner, configuration } = work;
  return {
    job: {
      ...{ id: taken.jobId, action: definition.name, type: definition.type, owner },
      ...{ tags: taken.tags ?? [], retries: taken.retries, isFresh: false },
    },
    ...{ configuration, target: taken.target, attempt: entry.attempt, fencing: taken.fence },
  };
}
