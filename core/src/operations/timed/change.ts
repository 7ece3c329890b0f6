import type { Authority, TimedDefinition, TimedInput } from "@callsheet/contract";
import type { JobFacts } from "../../store/jobs.ts";
import type { Statements } from "../../store/store.ts";
import { storableJson } from "../configuration.ts";
import type { Makers } from "../create.ts";
import { difference } from "../difference.ts";
import { inOrder } from "../in-order.ts";
import type { Desk } from "../operate.ts";
import { nextAfter, wait } from "./arm.ts";
import { type PreparedTimed, prepareTimedJob, readDefinition, withSettledJob } from "./define.ts";
import { findTimed } from "./find.ts";
import { requireCalendars } from "./require-calendars.ts";
import { busy, isUnderWay, operateTimed, settle } from "./switch.ts";

/**
 * Changes some fields of a timed action. What its old rule came to up to now is written down; the new one holds from now on. Its
 * job is copied anew from its action; while an occurrence is under way it is left as it is, and asking for another one fails
 * with `timed_action_busy`.
 */
export async function updateTimed(
  desk: Desk,
  makers: Makers,
  name: string,
  fields: Partial<Omit<TimedInput, "name">>,
  authority: Authority,
): Promise<void> {
  const { actor, reason = null } = authority;
  const [before, now] = [await findTimed(desk.store, name), await desk.store.databaseNow()];
  const read = readDefinition({ ...before.definition, ...Object(fields), name }, now);
  const definition = Object(fields).job === undefined ? read : await withSettledJob(read, desk.targets);
  const prepared = await prepareTimedJob(makers, desk.targets, definition, authority, before);
  await operateTimed(desk, name, async (tx, timed, job) => {
    if (!isUnderWay(timed, job)) await adopt(tx, job, prepared, authority);
    else if (contentOf(definition) !== contentOf(timed.definition)) throw busy(timed);
    const { id, isStarted, isArmed } = timed;
    await settle(tx, timed, isStarted ? "changed" : "stopped");
    const shared = await requireCalendars(tx, definition);
    const next = isStarted ? nextAfter({ definition, shared }, timed.now) : { nextAt: null, dueAt: null };
    const isBusy = isStarted && !isArmed && definition.rule.kind === "interval" && definition.rule.from === "last_end";
    await tx.placeTimed(id, { mark: timed.now, ...(isBusy ? { nextAt: null, dueAt: null } : next) });
    await tx.redefineTimed(id, { definition, actor, reason });
    if (isArmed) await wait(tx, job.id, next.dueAt);
  });
}

const contentOf = ({ action, job }: TimedDefinition): string => JSON.stringify(inOrder({ action, job }));

async function adopt(tx: Statements, job: JobFacts, prepared: PreparedTimed, authority: Authority) {
  const { job: next, defaults, byMembers } = prepared;
  const { actor, reason = null } = authority;
  const { id, configuration, ...content } = next;
  await tx.adoptJob(job.id, { configuration, ...content, byMembers }, defaults);
  const changes = difference(job.configuration, JSON.parse(configuration));
  if (changes.length === 0) return;
  const told = storableJson(changes, "configuration");
  const version = await tx.amendConfiguration({ id: job.id, configuration, difference: told, actor, reason });
  await tx.note({ id: job.id, event: "amend", actor, reason, data: JSON.stringify({ version, difference: changes }) });
}

/** Deletes a timed action with its job and their histories. */
export function deleteTimed(desk: Desk, name: string): Promise<void> {
  return operateTimed(desk, name, async (tx, timed, job) => {
    if (isUnderWay(timed, job)) throw busy(timed);
    await tx.deleteTimed(timed.id);
    await tx.removeJobs([job.id]);
  });
}
