import fc from "fast-check";
import type { HistoryLine } from "../../src/model/check/lines.ts";
import type { JobKind } from "../../src/model/job.ts";
import { type JobEvent, type JobState, legalEvents, SINGLE_KINDS, toStates } from "../../src/model/lifecycle.ts";

interface Step {
  readonly event: JobEvent;
  readonly to: JobState | null;
  readonly ends: boolean;
}

/** A legal life of a job, folded into lines that name one or several steps each. */
export const lives = fc
  .record({
    kind: fc.constantFrom(...SINGLE_KINDS),
    draws: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 3, maxLength: 30 }),
  })
  .map(({ kind, draws }) => ({ kind, lines: fold(walk(kind, draws)) }));

function walk(kind: JobKind, draws: readonly (readonly [number, number, boolean])[]): Step[] {
  const steps: Step[] = [];
  let state: JobState | null = null;
  for (const [first, second, ends] of draws) {
    const events: readonly JobEvent[] =
      state === null ? ["create"] : legalEvents(state, kind).filter((event) => event !== "remove");
    const event = events[first % Math.max(1, events.length)];
    if (event === undefined) break;
    const targets = toStates(event, state);
    state = targets[second % targets.length]!;
    steps.push({ event, to: state, ends: ends || event === "create" });
  }
  return steps;
}

function fold(steps: readonly Step[]): HistoryLine[] {
  const lines: HistoryLine[] = [];
  let [attempt, token] = [0, 100n];
  let passed: JobState[] = [];
  steps.forEach((step, index) => {
    if (step.to === "running") {
      attempt += 1;
      token += BigInt(attempt);
    }
    if (!step.ends && index < steps.length - 1) {
      passed.push(step.to!);
      return;
    }
    const [from, speaks] = [lines.at(-1)?.to ?? null, attempt > 0 && index % 3 !== 0];
    const spoken = speaks ? { attempt, token: String(token) } : { attempt: null, token: null };
    lines.push({ seq: lines.length + 1, event: step.event, from, via: passed, to: step.to, ...spoken });
    passed = [];
  });
  return lines;
}
