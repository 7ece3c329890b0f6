import { due } from "./explain-due.ts";
import type { JsonObject } from "./json.ts";
import type { Explanation, Reason, Situation } from "./situation.ts";
import type { JobState } from "./state.ts";
import { iso, isPast, type Told, told } from "./telling.ts";

/** Says why a job stands where it stands. Every situation has one answer. */
export function explain(situation: Situation): Explanation {
  const { job, forecast } = situation;
  const { blockers = [], ...why } = rollingBack(situation) ?? BY_STATE[job.state](situation);
  const isExpected = FORECASTABLE.has(job.state) && forecast !== null;
  return {
    ...{ jobId: job.id, state: job.state, ...why, blockers },
    forecast: isExpected ? forecast.start : null,
    noForecast: isExpected ? forecast.reason : null,
  };
}

/** States of jobs that a start can be forecast for. */
export const FORECASTABLE: ReadonlySet<JobState> = new Set([
  "scheduled",
  "pending",
  "queued",
  "waiting_for_lock",
  "retrying",
  "paused",
]);

const BY_STATE: Record<JobState, (situation: Situation) => Told> = {
  created: ({ job: { timedAction } }) =>
    told(
      "not_planned",
      timedAction === null
        ? "It has no start time: plan it."
        : `Its timed action "${timedAction}" is stopped: start it.`,
    ),
  scheduled: (situation) => {
    const { dueAt } = situation.job;
    if (isPast(dueAt, situation)) return due(situation);
    return told("scheduled", `It waits until ${iso(dueAt)}.`, { until: iso(dueAt) });
  },
  pending: due,
  queued: due,
  waiting_for_lock: due,
  running,
  timed_out: (situation) => {
    const { timeoutMs } = situation.action;
    const retry = situation.isRetryAsked ? " The retry that was asked for begins if it fails." : "";
    const sentence = `It runs ${where(situation)}, longer than its time-out of ${timeoutMs} ms. Nothing is stopped.${retry}`;
    return live(situation, "overrun", sentence, { timeoutMs });
  },
  retrying: backingOff,
  cancelling: (situation) =>
    live(situation, "cancelling", `It was asked to stop, and ends when its ${whatEnds(situation)}.`),
  paused: () => told("paused", "It is held: resume it."),
  completed: ({ job }) => told("settled", `It completed at ${iso(job.endedAt)}.`, { endedAt: iso(job.endedAt) }),
  partial: ({ job }) =>
    settled(job, `A part of its work succeeded on attempt ${job.attempt}. Retry it for the rest, or cancel it.`),
  failed: ({ job }) => settled(job, `It failed on attempt ${job.attempt}${because(job)}. Amend or retry it.`),
  skipped: ({ job }) => settled(job, "It had nothing to do."),
  cancelled: ({ job }) => settled(job, `It was cancelled at ${iso(job.endedAt)}.`),
};

function running(situation: Situation): Told {
  const { stalledSince, elsewhere } = situation.job;
  if (stalledSince === null)
    return live(
      situation,
      elsewhere === null ? "running" : "elsewhere",
      `It runs ${where(situation)}.${polled(situation)}`,
    );
  const sentence = `It runs ${where(situation)}, and has shown no progress, line or byte since ${iso(stalledSince)}. Nothing is stopped.`;
  return live(situation, "stalled", `${sentence}${polled(situation)}`, { stalledSince: iso(stalledSince) });
}

/** What is heard of work that goes on elsewhere. */
function polled({ job: { elsewhere } }: Situation): string {
  if (elsewhere === null) return "";
  const { polledAt, nextPollAt, problem } = elsewhere;
  if (nextPollAt === null) return " Nobody polls it: whoever has its completion token ends it.";
  const last = polledAt === null ? "It was not polled yet" : `It was last polled at ${iso(polledAt)}`;
  const why = problem === null ? "" : `, which failed: ${problem.code}: ${firstLine(problem.message)}`;
  return ` ${last}${why}. The next poll is due at ${iso(nextPollAt)}.`;
}

function backingOff(situation: Situation): Told {
  const { job } = situation;
  const failed = `Attempt ${job.attempt} failed${because(job)}.`;
  if (isPast(job.dueAt, situation)) return due(situation);
  return told("backing_off", `${failed} It is tried again at ${iso(job.dueAt)}.`, { until: iso(job.dueAt) });
}

/** A rollback that has not ended is what counts, whatever else there is to say. */
function rollingBack({ job, rollback, rollbackProblem }: Situation): Told | undefined {
  if (rollback === "none" || rollback === "done") return undefined;
  const ended = endedHow(job);
  const problem = rollbackProblem === null ? "" : ` The last try failed at ${rollbackProblem.replace(/\.$/, "")}.`;
  const details = { rollback, attempt: job.attempt, problem: rollbackProblem };
  if (rollback !== "failed")
    return told("rollback_unfinished", `${ended}. What was done has to be undone first.${problem}`, details);
  const todo = "Its objects are in quarantine. Retry its rollback, or resolve it.";
  return told("rollback_failed", `${ended}. What was done could not be undone.${problem} ${todo}`, details);
}

function endedHow(job: Situation["job"]): string {
  if (job.state === "cancelling" || job.state === "cancelled") return "It was cancelled";
  if (job.state === "partial") return `Attempt ${job.attempt} succeeded in part`;
  return `Attempt ${job.attempt} failed${because(job)}`;
}

function live({ job, isNodeLost }: Situation, reason: Reason, sentence: string, details: JsonObject = {}): Told {
  const facts = { ...details, ...awayFacts(job), node: job.node, attempt: job.attempt, startedAt: iso(job.startedAt) };
  if (!isNodeLost) return told(reason, sentence, facts);
  return told(
    "node_lost",
    `Node ${job.node} died while it ran attempt ${job.attempt}; another one recovers it.`,
    facts,
  );
}

function settled(job: Situation["job"], sentence: string): Told {
  const error = job.error === null ? null : { code: job.error.code, message: job.error.message };
  return told("settled", sentence, { attempt: job.attempt, endedAt: iso(job.endedAt), error });
}

function awayFacts({ elsewhere }: Situation["job"]): JsonObject {
  if (elsewhere === null) return {};
  const { handle, since, polledAt, nextPollAt } = elsewhere;
  const instant = (at: Date | null) => (at === null ? null : iso(at));
  return { elsewhere: { handle, since: iso(since), polledAt: instant(polledAt), nextPollAt: instant(nextPollAt) } };
}

const whatEnds = (situation: Situation): string =>
  `${situation.job.elsewhere === null ? "handler ends" : "work does,"} ${where(situation)}`;

const where = ({ job }: Situation): string =>
  job.elsewhere === null
    ? `on node ${job.node} since ${iso(job.startedAt)}, attempt ${job.attempt}`
    : `elsewhere since ${iso(job.elsewhere.since)}, attempt ${job.attempt}`;

/** The first line of the error, without its full stop. */
function because({ error }: Situation["job"]): string {
  if (error === null) return "";
  return `: ${error.code}: ${firstLine(error.message)}`;
}

const firstLine = (message: string): string => message.split("\n", 1)[0]!.slice(0, LONGEST_MESSAGE).replace(/\.$/, "");

const LONGEST_MESSAGE = 500;
