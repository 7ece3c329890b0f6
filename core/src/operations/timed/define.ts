import {
  type Authority,
  callsheetError,
  type JobInput,
  nextDue,
  passOver,
  slotsAfter,
  type TimedDefinition,
  type TimedInput,
  timedSchema,
} from "@callsheet/contract";
import type { BatchDefaults, NewJob } from "../../store/create.ts";
import { violates } from "../../store/failure.ts";
import type { LockedTimed, TimedRow } from "../../store/timed.ts";
import { storableJson } from "../configuration.ts";
import { chunks, type Makers, prepareJobs } from "../create.ts";
import { groupModeOf, isGroupTarget } from "../groups/group-mode.ts";
import { checkInput } from "../job-input.ts";
import type { Desk } from "../operate.ts";
import { type TargetRegistry, withSettledTarget } from "../target-registry.ts";
import { calendarFor } from "./calendar.ts";
import { requireCalendars } from "./require-calendars.ts";

/** More runs than that are not made up for. */
const MOST_MISSED = 1_000;

/** Reads a timed action strictly; fails with `invalid_argument`, naming each field. `now`: by the database's clock. */
export function readDefinition(input: unknown, now: Date): TimedDefinition {
  const parsed = timedSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), problem: message }));
    const list = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join("; ");
    throw callsheetError("invalid_argument", `The timed action cannot be used: ${list}.`, { problems });
  }
  const { job } = parsed.data;
  checkInput(job);
  for (const field of ["startAt", "idempotencyKey", "keepOpen"])
    if (field in job)
      throw callsheetError(
        "invalid_argument",
        `A timed action says itself when its job begins: it takes no ${field}.`,
        {
          field: `job.${field}`,
        },
      );
  storableJson(parsed.data, "timed action");
  const definition = parsed.data as TimedDefinition;
  requireTimes(definition, now.getTime());
  return definition;
}

function requireTimes(definition: TimedDefinition, now: number): void {
  // What is excluded is an instant as well, at which it does not run.
  const calendar = calendarFor({ definition, shared: [] });
  if (calendar === null) return;
  if (nextDue(calendar, definition, now) === undefined)
    throw callsheetError("invalid_argument", "The rule never comes to a time before the year 9999.", { field: "rule" });
  const { policy, withinMs } = definition.misfire;
  if (policy !== "all") return;
  let count = 0;
  for (const { instant } of slotsAfter(calendar, now)) {
    if (instant > now + withinMs) return;
    if (++count > MOST_MISSED)
      throw callsheetError(
        "invalid_argument",
        `More than ${MOST_MISSED} runs lie within misfire.withinMs; make it shorter, or the policy "last".`,
        { field: "misfire.withinMs" },
      );
  }
}

/** The same with its job's target by its id, where it was told by its name. Fails as the resolver of its type does. */
export async function withSettledJob(definition: TimedDefinition, targets: TargetRegistry): Promise<TimedDefinition> {
  return { ...definition, job: await withSettledTarget(definition.job, targets) };
}

/** The one job of a timed action, checked and ready to be inserted, and whether each occurrence makes a group instead. */
export interface PreparedTimed {
  readonly job: NewJob;
  readonly defaults: BatchDefaults;
  readonly byMembers: boolean;
}

/**
 * Prepares the job of a timed action, without a start time. `before`: what it is so far. Fails with `timed_not_offered`,
 * `group_not_offered`, and as the creation of a job does.
 */
export async function prepareTimedJob(
  makers: Makers,
  targets: TargetRegistry,
  { action, job }: TimedDefinition,
  authority: Authority,
  before?: Pick<TimedRow, "definition" | "byMembers">,
): Promise<PreparedTimed> {
  const { actor, reason = null } = authority;
  const request = { action, inputs: [{ ...job, startAt: null }], actor, reason, origin: "timed" } as const;
  const { jobs, defaults } = await prepareJobs(makers, request);
  const { definition } = await makers.catalogue.version(defaults.actionVersionId);
  if (!definition.flags.includes("timed"))
    throw callsheetError("timed_not_offered", `Action "${action}" is not for a timetable.`, {
      action,
      flags: [...definition.flags, "timed"],
    });
  const isGroup = isGroupTarget(job, targets) || staysGroup(job, targets, before);
  const byMembers = isGroup && (await groupModeOf(definition, makers.types)) === "members";
  // The members lock their own targets.
  const { locks, ...rest } = jobs[0]!;
  return {
    job: byMembers || locks === undefined ? rest : { ...rest, locks },
    defaults: { ...defaults, kind: "timed" },
    byMembers,
  };
}

/** Whoever changes a timed action may not know the targets of its type: whoever made it did. */
function staysGroup(
  { target }: JobInput,
  targets: TargetRegistry,
  before: Pick<TimedRow, "definition" | "byMembers"> | undefined,
): boolean {
  if (target === undefined || before === undefined || targets.resolver(target.type) !== undefined) return false;
  return before.byMembers && before.definition.job.target?.type === target.type;
}

/** Creates a timed action with its job; it is stopped. Fails with `timed_action_exists`, `unknown_calendar`. Answers the id of the job. */
export async function createTimed(
  { store, targets }: Pick<Desk, "store" | "targets">,
  makers: Makers,
  input: TimedInput,
  authority: Authority,
): Promise<string> {
  const definition = await withSettledJob(readDefinition(input, await store.databaseNow()), targets);
  const { job, defaults, byMembers } = await prepareTimedJob(makers, targets, definition, authority);
  const { actor, reason = null } = authority;
  try {
    await store.once(async (tx) => {
      await requireCalendars(tx, definition);
      for (const chunk of chunks([job])) await tx.createJobs(chunk, defaults);
      await tx.insertTimed({ definition, jobId: job.id, byMembers, actor, reason });
    });
  } catch (error) {
    if (!violates(error, "timed_action_name_key")) throw error;
    const { name } = definition;
    throw callsheetError(
      "timed_action_exists",
      `There is a timed action "${name}" already.`,
      { timedAction: name },
      error,
    );
  }
  return job.id;
}

/** What is passed over of a timed action's rule up to now, for a reason. */
export function passedUntilNow(timed: LockedTimed, reason: Parameters<typeof passOver>[3]) {
  const { mark, now } = timed;
  const calendar = calendarFor(timed);
  return calendar === null ? [] : passOver(calendar, mark.getTime(), now.getTime(), reason);
}
