import { callsheetError, type JobAsset, type JobContext, type Json, type JsonObject } from "@callsheet/contract";
import type { IsolatedRun } from "../isolated-run.ts";
import { type LogLevel, MAX_LINE_BYTES } from "../log-lines.ts";
import type { Channel } from "./channel.ts";
import { createProgress, type ProgressReporter } from "./progress.ts";

/** Makes a handler's context of what the host sent. */
export function createContext(
  data: IsolatedRun["context"],
  channel: Channel,
  signal: AbortSignal,
): { readonly context: JobContext; readonly progress: ProgressReporter } {
  const variables = new Map<string, Json>(Object.entries(data.variables));
  const progress = createProgress(channel);
  const log = (level: LogLevel) => (message: string) =>
    channel.send({ kind: "log", level, message: String(message).slice(0, MAX_LINE_BYTES) });
  let workspace: Promise<string> | undefined;

  const context: JobContext = {
    job: data.job,
    configuration: data.configuration,
    target: data.target,
    attempt: data.attempt,
    fencing: data.fencing,
    signal,
    progress: progress.report,
    log: { info: log("info"), warn: log("warn"), error: log("error") },
    variables: {
      get: (name) => variables.get(name),
      set: async (name, value) => {
        const json = JSON.parse(JSON.stringify(value) ?? "null") as Json;
        await channel.ask({ kind: "variable", name, value: json });
        variables.set(name, json);
      },
      all: () => Object.fromEntries(variables) as JsonObject,
    },
    asset: async () => ({
      ...readAsset(String(await channel.ask({ kind: "asset" }))),
      setFacts: async (facts) => void (await channel.ask({ kind: "facts", facts })),
    }),
    workspace: () => {
      workspace ??= channel.ask({ kind: "workspace" }) as Promise<string>;
      return workspace;
    },
    publish: async (file, destination) =>
      String(await channel.ask({ kind: "publish", file: String(file), destination: String(destination) })),
    undo: async (name, data, { path } = {}) =>
      void (await channel.ask({
        kind: "undo",
        name: String(name),
        data,
        path: path === undefined ? null : String(path),
      })),
    transaction: async () => {
      throw callsheetError(
        "wrong_state",
        "A handler in a process of its own has no transaction: use isolation `none`.",
      );
    },
  };
  return { context, progress };
}

/** An asset as the host wrote it. */
function readAsset(text: string): Omit<JobAsset, "setFacts"> {
  const asset = JSON.parse(text) as Omit<JobAsset, "setFacts">;
  const [createdAt, changedAt] = [new Date(asset.createdAt), new Date(asset.changedAt)];
  return { ...asset, createdAt, changedAt, factsAt: asset.factsAt && new Date(asset.factsAt) };
}
