import type { Needs } from "./capability.ts";
import type { HistoryEntry } from "./history.ts";
import type { Job, JobError } from "./job.ts";
import type { Json, JsonObject } from "./json.ts";
import { LIVE } from "./state.ts";
import type { Target } from "./target.ts";

/** An attempt that has ended: what it ran with, and what came of it. */
export interface PastAttempt {
  readonly attempt: number;
  readonly configurationVersion: number;
  readonly configuration: Json;
  readonly node: string | null;
  /** Null when its history does not say, as after a snooze of a short attempt. */
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  /** How it ended, in the word of the history: `complete`, `fail`, `back_off`, `snooze` and so on. */
  readonly event: HistoryEntry["event"];
  readonly result: Json;
  readonly error: JobError | null;
}

/** All that is stored with a job and that its attempts may see; nothing else is needed to run or to retry it. */
export interface StoredContext {
  readonly job: Pick<Job, "id" | "action" | "actionVersion" | "type" | "owner" | "tags" | "attempt" | "retries">;
  readonly target: Target | null;
  /** What the next attempt runs with, or the current one does. */
  readonly configuration: Json;
  readonly configurationVersion: number;
  readonly variables: JsonObject;
  readonly needs: Needs;
  /** Those that have ended, oldest first. */
  readonly attempts: readonly PastAttempt[];
}

/** A configuration that was replaced by an amendment. */
export interface FormerConfiguration {
  readonly version: number;
  readonly configuration: Json;
}

/** Puts together what a job's attempts may see, from what is stored of it. */
export function storedContext(
  job: Job,
  needs: Needs,
  history: readonly HistoryEntry[],
  former: readonly FormerConfiguration[],
): StoredContext {
  const { id, action, actionVersion, type, owner, tags, attempt, retries } = job;
  const { target, configuration, configurationVersion, variables } = job;
  return {
    job: { id, action, actionVersion, type, owner, tags, attempt, retries },
    ...{ target, configuration, configurationVersion, variables, needs },
    attempts: pastAttempts(job, history, former),
  };
}

// A configuration changes only while no attempt lives: the version at an attempt's last line is that of its start.
function pastAttempts(
  job: Job,
  history: readonly HistoryEntry[],
  former: readonly FormerConfiguration[],
): readonly PastAttempt[] {
  const configurations = new Map(former.map(({ version, configuration }) => [version, configuration]));
  const attempts: PastAttempt[] = [];
  let configurationVersion = 1;
  for (const line of history) {
    const data = (line.data ?? {}) as LineData;
    if (line.event === "amend" && data.version !== undefined) configurationVersion = data.version;
    if (line.attempt === null || !endsAttempt(line)) continue;
    const isLast = line === history.at(-1);
    attempts.push({
      attempt: line.attempt,
      configurationVersion,
      configuration: configurations.get(configurationVersion) ?? job.configuration,
      node: line.node,
      startedAt: data.startedAt ? new Date(data.startedAt) : null,
      endedAt: line.at,
      event: line.event,
      result: (isLast ? job.result : data.result) ?? null,
      error: data.error ?? null,
    });
  }
  return attempts;
}

interface LineData {
  readonly version?: number;
  readonly startedAt?: string;
  readonly result?: Json;
  readonly error?: JobError | null;
}

const isLive = (state: string | null): boolean => LIVE.some((live) => live === state);

function endsAttempt({ from, via, to }: HistoryEntry): boolean {
  return isLive(via.at(-1) ?? from) && !isLive(to);
}
