import { rename } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type ActionType,
  isOutcome,
  type JobAsset,
  type JobContext,
  type Json,
  type JsonObject,
  type Target,
} from "@callsheet/contract";
import type { z } from "zod";

interface Reported {
  readonly percent: number;
  readonly message: string | undefined;
  readonly stats: JsonObject | undefined;
}

export interface TestContext<Configuration> extends JobContext<Configuration> {
  /** What the handler reported, in order. */
  readonly reported: readonly Reported[];
}

interface Given {
  readonly target?: Target | null;
  readonly signal?: AbortSignal;
  /** What its target of type `asset` is. */
  readonly asset?: JobAsset;
  /** A directory that is the attempt's workspace; what is published from there appears at once. */
  readonly workspace?: string;
  /** Default 1. */
  readonly attempt?: number;
  /** Kept from one attempt to the next; `set` fails as the engine's does when `isStale` says so. */
  readonly variables?: Map<string, Json>;
  readonly isStale?: () => boolean;
  /** Called with each report, after it was kept. */
  readonly onProgress?: () => void;
}

/** A context as a node would hand it to a handler, without a node. */
export function testContext<Configuration>(
  configuration: Configuration,
  {
    target = null,
    signal = new AbortController().signal,
    workspace,
    attempt = 1,
    asset,
    onProgress,
    ...given
  }: Given = {},
): TestContext<Configuration> {
  const reported: Reported[] = [];
  return {
    job: { id: "a job", action: "an action", type: "a.type", owner: "tests", tags: [], retries: 0, isFresh: true },
    configuration,
    target,
    attempt,
    fencing: "1",
    signal,
    reported,
    progress(percent, message, stats) {
      reported.push({ percent, message, stats });
      onProgress?.();
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    variables: variablesOf(given),
    asset: async () => {
      if (asset === undefined) throw new Error("these handlers have no asset");
      return asset;
    },
    workspace: async () => {
      if (workspace === undefined) throw new Error("these handlers need no workspace");
      return workspace;
    },
    publish: async (file, destination) => {
      if (workspace === undefined) throw new Error("these handlers publish nothing");
      await rename(resolve(workspace, file), destination);
      return destination;
    },
    undo: async () => undefined,
    transaction: async () => {
      throw new Error("these handlers write into no database");
    },
  };
}

function variablesOf({ variables = new Map(), isStale = () => false }: Given): JobContext["variables"] {
  return {
    get: (name) => variables.get(name),
    all: () => Object.fromEntries(variables),
    async set(name, value) {
      if (isStale()) throw Object.assign(new Error("Another attempt has taken over."), { code: "stale_attempt" });
      variables.set(name, value);
    },
  };
}

/** Runs a handler that returns a plain result. */
export async function resultOf<Schema extends z.ZodType, Result>(
  type: ActionType<Schema, Result>,
  context: JobContext<z.output<Schema>>,
): Promise<Result> {
  const result = await type.run(context);
  if (isOutcome(result)) throw new Error(`The handler ended with ${result.kind}.`);
  return result as Result;
}
