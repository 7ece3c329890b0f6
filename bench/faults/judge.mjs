import { median, quantile } from "../measure/statistics.mjs";

/**
 * @typedef {object} Said a line of the witness
 * @property {"created" | "refused" | "begin" | "end"} what
 * @property {number} job
 * @property {string} [run] of a beginning and an end
 * @property {number} pid
 * @property {number} at milliseconds since 1970
 *
 * @typedef {object} Struck
 * @property {"killed" | "paused" | "restarted"} what
 * @property {number} [pid] whose process it was
 * @property {number} at
 * @property {number} [until] when it went on, or the server answered again
 * @property {readonly number[]} [believed] jobs whose late end was taken for theirs although a newer run was under way
 * @property {number} [late] late ends that were told while a newer run was under way
 *
 * @typedef {object} Evidence
 * @property {readonly Said[]} said
 * @property {readonly Struck[]} struck
 * @property {readonly {pid: number, at: number, isOwn: boolean}[]} ends of processes, some of which ended by themselves
 * @property {readonly number[]} unfinished in the store, at the end
 * @property {readonly number[]} failed given up by the store
 */

/**
 * Runs of handlers in the order in which they began: a run is open until it ended, or its process did.
 * @param {readonly Said[]} said
 * @param {Evidence["ends"]} ends
 */
export function runsOf(said, ends = []) {
  const cutAt = new Map(ends.map(({ pid, at }) => [pid, at]));
  const runs = new Map();
  for (const { what, run, job, pid, at } of said) {
    if (what === "begin") runs.set(run, { run, job, pid, beganAt: at, endedAt: undefined, cutAt: undefined });
    if (what === "end") runs.get(run).endedAt = at;
  }
  for (const one of runs.values()) if (one.endedAt === undefined) one.cutAt = cutAt.get(one.pid);
  return [...runs.values()];
}

/**
 * What became of the jobs, by what handlers said and by what the store holds at the end.
 * @param {Evidence} evidence
 */
export function judge(evidence) {
  const { said, struck, ends, unfinished, failed } = evidence;
  const runs = runsOf(said, ends);
  const byJob = new Map();
  for (const run of runs) byJob.set(run.job, [...(byJob.get(run.job) ?? []), run]);
  const created = said.filter(({ what }) => what === "created").map(({ job }) => job);
  const [held, given] = [new Set(unfinished), new Set(failed)];
  const isDone = (job) => (byJob.get(job) ?? []).some(({ endedAt }) => endedAt !== undefined);
  const earlier = (run) => byJob.get(run.job).filter((other) => other.beganAt < run.beganAt);
  const isOpenAt = ({ endedAt, cutAt }, at) => (endedAt ?? cutAt ?? Number.POSITIVE_INFINITY) > at;
  return {
    created: created.length,
    refused: said.filter(({ what }) => what === "refused").length,
    faults: struck.length,
    lost: created.filter((job) => !isDone(job) && !held.has(job) && !given.has(job)).length,
    stuck: created.filter((job) => held.has(job)).length,
    failed: created.filter((job) => given.has(job)).length,
    together: runs.filter((run) => earlier(run).some((other) => isOpenAt(other, run.beganAt))).length,
    again: runs.filter((run) => earlier(run).some(({ endedAt }) => endedAt <= run.beganAt)).length,
    late: sum(struck.map(({ late = 0 }) => late)),
    fallen: ends.filter(({ isOwn }) => isOwn).length,
    believed: sum(struck.map(({ believed = [] }) => believed.length)),
    ...recoveryOf({ runs, byJob, struck }),
  };
}

/**
 * From a fault until the jobs that it interrupted began again, or, of a server, from its return until any job began.
 * `interrupted`: how many jobs; `recovered`: how many of them began again.
 */
function recoveryOf({ runs, byJob, struck }) {
  const tookMs = struck.flatMap(({ what, pid, at, until }) => {
    if (what === "restarted") return [(runs.find(({ beganAt }) => beganAt >= until)?.beganAt ?? Number.NaN) - until];
    const cut = runs.filter((run) => run.pid === pid && run.beganAt < at && (run.endedAt ?? Infinity) > at);
    return cut.map(({ job, run }) => {
      const next = byJob.get(job).find((other) => other.run !== run && other.beganAt >= at);
      return (next?.beganAt ?? Number.NaN) - at;
    });
  });
  const known = tookMs.filter(Number.isFinite);
  return {
    interrupted: tookMs.length,
    recovered: known.length,
    recoveryMs: { p50: rounded(median(known)), p99: rounded(quantile(known, 0.99)), max: rounded(Math.max(...known)) },
  };
}

const rounded = (value) => (Number.isFinite(value) ? Math.round(value) : null);
const sum = (values) => values.reduce((total, value) => total + value, 0);
