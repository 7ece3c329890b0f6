import { setTimeout as pause } from "node:timers/promises";
import { payloadOf, priorityOf } from "../systems/job.mjs";
import { nowMs } from "./clock.mjs";

/**
 * Creates `count` jobs numbered from `from`, `chunk` in a call and `inFlight` calls at a time.
 * @param {import("../systems/index.mjs").Producer} producer
 */
export async function createMany(producer, { count, from = 0, chunk, inFlight, mixed }) {
  const startMs = nowMs();
  let next = from;
  const end = from + count;
  const lane = async () => {
    while (next < end) {
      const first = next;
      next = Math.min(end, first + chunk);
      await producer.createMany(jobsBetween(first, next, mixed));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { startMs, endMs: nowMs() };
}

function jobsBetween(first, end, mixed) {
  return Array.from({ length: end - first }, (_, index) => {
    const job = first + index;
    return { payload: payloadOf(job), priority: mixed ? priorityOf(job) : undefined };
  });
}

/** Creates jobs one after the other, each call awaited. */
export async function callOneByOne(producer, { count }) {
  return callTogether(producer, { count, callers: 1 });
}

/** Creates jobs by `callers` at a time, each of which awaits its call before it makes the next. */
export async function callTogether(producer, { count, callers }) {
  const tookMs = new Float64Array(count);
  const startMs = nowMs();
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const job = next;
      next += 1;
      const calledMs = nowMs();
      await producer.createOne(payloadOf(job));
      tookMs[job] = nowMs() - calledMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { startMs, endMs: nowMs(), tookMs };
}

/** Creates `perSecond` jobs a second, numbered from `from`, evenly but for a jitter of half a step, without awaiting one before the next. */
export async function callPaced(producer, { count, from = 0, perSecond }) {
  const calledMs = new Float64Array(count);
  const ackedMs = new Float64Array(count);
  const stepMs = 1000 / perSecond;
  const startMs = nowMs();
  const calls = [];
  for (let job = 0; job < count; job += 1) {
    const wait = startMs + (job + Math.random() / 2) * stepMs - nowMs();
    if (wait > 0) await pause(wait);
    calledMs[job] = nowMs();
    calls.push(
      producer.createOne(payloadOf(from + job)).then(() => {
        ackedMs[job] = nowMs();
      }),
    );
  }
  await Promise.all(calls);
  return { startMs, endMs: nowMs(), calledMs, ackedMs };
}

/**
 * Opens the system, creates a job and works it off, `count` times one after the other: how long it took each time.
 * @param {import("../systems/index.mjs").System} system
 */
export async function firstJobs(system, url, { count, variant }) {
  const tookMs = [];
  for (let n = 0; n < count; n += 1) {
    const startMs = nowMs();
    const { close } = await system.firstJob(url, variant);
    tookMs.push(nowMs() - startMs);
    await close();
  }
  return { tookMs };
}
