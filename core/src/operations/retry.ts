import { type AmendOptions, type Authority, callsheetError, type JobState } from "@callsheet/contract";
import { laneKey } from "../store/dictionary.ts";
import type { JobFacts } from "../store/jobs.ts";
import type { Statements } from "../store/store.ts";
import { settleConfiguration, storableJson } from "./configuration.ts";
import { difference } from "./difference.ts";
import { LEGAL_FOR } from "./legal.ts";
import { lane } from "./needs.ts";
import { type Desk, operate, step, wrongState } from "./operate.ts";
import { requirementsOf } from "./requirements.ts";
import { requireSecrets, secretsAsked } from "./secrets/asked.ts";
import type { TypeRegistry } from "./type-registry.ts";

/**
 * Runs a failed job again. A retry asked for while a timed-out attempt lives never starts a second one: it is remembered,
 * dropped if the attempt completes, done if it fails (MISSION 2).
 */
export async function retryJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  const { laneId, rank, state } = await operate(desk, id, async (tx, job) => {
    refuseUnfinished(job);
    await refuseOccasion(tx, job);
    if (job.state === "timed_out") {
      await tx.rememberRetry(job.id);
      await tx.note({
        id: job.id,
        event: "retry_asked",
        actor: authority.actor,
        reason: authority.reason ?? null,
        data: null,
      });
      return job;
    }
    // A job that backs off was counted when it did.
    const counted = job.state === "retrying" ? {} : { retries: 1 as const };
    const state = await step(
      desk,
      tx,
      job,
      { event: "retry", to: "pending", operation: "retry", dueAt: await tx.databaseNow(), ...counted },
      authority,
    );
    return { ...job, state };
  });
  desk.announce({ kind: "lane", laneId, rank });
  return state;
}

/** A group works for it: that is retried, or another occurrence is run. */
async function refuseOccasion(tx: Statements, { id, kind, state }: JobFacts): Promise<void> {
  if (kind !== "timed" || !(await tx.lockTimed(id))?.byMembers) return;
  const message = `Groups work for job ${id}: retry its group, or run its timed action now.`;
  throw callsheetError("wrong_state", message, { id, state, legal: [] });
}

function refuseUnfinished({ id, rollback }: JobFacts): void {
  if (rollback === "none" || rollback === "done") return;
  throw callsheetError("rollback_unfinished", `The rollback of job ${id} is ${rollback}.`, { id, rollback });
}

interface Amended {
  readonly version: number;
  /** The place in line that it was moved to, because it needs other capabilities now. */
  readonly moved?: { readonly laneId: number; readonly rank: number };
}

/**
 * Replaces a job's configuration while no attempt lives. The old one is kept, with who, when, why and the difference.
 * Answers the new version. Fails with `configuration_changed` when it is not the version that the caller read.
 */
export async function amendJob(
  desk: Desk,
  types: TypeRegistry,
  id: string,
  configuration: Readonly<Record<string, unknown>>,
  options: AmendOptions,
  authority: Authority,
): Promise<number> {
  const read = checkVersion(options);
  if (typeof configuration !== "object" || configuration === null || Array.isArray(configuration))
    throw callsheetError("invalid_argument", "configuration must be an object.", { field: "configuration" });
  const amended = await operate<Amended>(desk, id, async (tx, job) => {
    // It is undone with the configuration that it ran with.
    refuseUnfinished(job);
    if (!LEGAL_FOR.amend(job)) {
      if (job.state === "running" || job.state === "timed_out" || job.state === "cancelling") {
        throw callsheetError("amend_refused", `Job ${id} is ${job.state}; its attempt has pinned the configuration.`, {
          id,
          state: job.state,
        });
      }
      throw await wrongState(desk, job, "amend");
    }
    if (read !== undefined && read !== job.configurationVersion) throw overtaken(job, read);
    const action = await desk.catalogue.version(job.actionVersionId);
    const { definition } = action;
    const known = await types.known(definition.type);
    const settled = settleConfiguration(known?.configuration, {}, configuration);
    const type = types.get(definition.type);
    await requireSecrets(desk.catalogue, definition.name, secretsAsked(type, settled));
    const changes = storableJson(difference(job.configuration, JSON.parse(settled)), "configuration");
    const { actor, reason = null } = authority;
    const version = await tx.amendConfiguration({
      id: job.id,
      configuration: settled,
      difference: changes,
      actor,
      reason,
    });
    await tx.note({
      id: job.id,
      event: "amend",
      actor,
      reason,
      data: JSON.stringify({ version, difference: JSON.parse(changes) }),
    });
    const capabilities = requirementsOf(type, definition, settled);
    const { units = {}, locks, members } = await tx.needsOf(job.id);
    const needs = lane({ capabilities, units, locks, members, version: known?.version });
    const rootId = await tx.rootOfLane(job.laneId);
    const own = rootId === null ? {} : { rootId };
    const { id: laneId } = await tx.findLane({ ...laneKey(action, needs), ...own }, job.ownerId);
    if (laneId === job.laneId) return { version };
    await tx.changeLane(job.id, laneId);
    return { version, moved: { laneId, rank: job.rank } };
  });
  if (amended.moved) desk.announce({ kind: "lane", ...amended.moved });
  return amended.version;
}

function checkVersion(options: AmendOptions): number | undefined {
  const { configurationVersion: version } = Object(options) as AmendOptions;
  if (version === undefined || (Number.isInteger(version) && version > 0)) return version;
  throw callsheetError("invalid_argument", "configurationVersion must be a whole number above 0.", {
    field: "configurationVersion",
  });
}

function overtaken({ id, configurationVersion: version }: JobFacts, read: number) {
  return callsheetError(
    "configuration_changed",
    `The configuration of job ${id} has version ${version} by now; version ${read} was to be amended.`,
    { id, configurationVersion: version },
  );
}
