import { expect, it } from "vitest";
import { type DueJob, decideAdmission, type QueuedJob } from "../src/model/admission.ts";
import type { Owner } from "../src/model/fairness.ts";
import { ageingBoundMs, type Level } from "../src/model/priority.ts";

const MINUTE = 60_000;
const STEP = 10 * MINUTE;
const SLOTS = 400;
const CAPACITY = 500;
const LONGEST = 3 * MINUTE;
const START = Date.parse("2026-08-01T12:00:00Z");

/** Numbers in [0, 1), the same each time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A facility on a manual clock: each minute attempts end, admission decides, and free slots take the queue by turn. */
class Facility {
  readonly startedAt = new Map<string, number>();
  readonly #draw: () => number;
  /** By owner and level, in the order of their due times. */
  readonly #pending = new Map<string, DueJob[]>();
  #queued: QueuedJob[] = [];
  #running: { readonly owner: Owner; readonly endMs: number }[] = [];

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  add(job: DueJob): void {
    const line = `${job.owner} ${job.level}`;
    const jobs = this.#pending.get(line);
    if (jobs) jobs.push(job);
    else this.#pending.set(line, [job]);
  }

  /** Answers how many jobs began. */
  minute(ms: number): number {
    this.#running = this.#running.filter(({ endMs }) => endMs > ms);
    this.#admit(ms);
    const free = SLOTS - this.#running.length;
    const taken = this.#queued.sort((a, b) => a.turn - b.turn).splice(0, free);
    for (const { id, owner } of taken) {
      this.startedAt.set(id, ms);
      const durationMs = Math.ceil(3 * this.#draw()) * MINUTE;
      this.#running.push({ owner, endMs: ms + durationMs });
    }
    return taken.length;
  }

  #admit(ms: number): void {
    const busy = new Map<Owner, number>();
    for (const { owner } of this.#running) busy.set(owner, (busy.get(owner) ?? 0) + 1);
    const pending = [...this.#pending.values()].flatMap((line) => line.slice(0, 1));
    const now = new Date(START + ms);
    const request = { now, stepMs: STEP, capacity: CAPACITY, queued: this.#queued, pending, busy };
    const { admit, giveWay, reorder } = decideAdmission(request);
    const turns = new Map([...admit, ...reorder].map(({ id, turn }) => [id, turn]));
    const admitted = new Set(admit.map(({ id }) => id));
    const left = new Set(giveWay);
    for (const [line, jobs] of this.#pending) {
      const kept = jobs.filter(({ id }) => !admitted.has(id));
      if (kept.length === 0) this.#pending.delete(line);
      else if (kept.length < jobs.length) this.#pending.set(line, kept);
    }
    const stays = this.#queued.filter(({ id }) => !left.has(id));
    const back = this.#queued.filter(({ id }) => left.has(id));
    const entered = pending.filter(({ id }) => admitted.has(id));
    this.#queued = [...stays, ...entered].map((job) => ({
      ...job,
      turn: turns.get(job.id) ?? (job as QueuedJob).turn,
    }));
    for (const { turn: _, ...job } of back) this.#giveBack(job);
  }

  #giveBack(job: DueJob): void {
    this.add(job);
    this.#pending.get(`${job.owner} ${job.level}`)!.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  }
}

it("under endless highest load the last lowest job of 10,000 owners starts within the bound", () => {
  const draw = draws(4);
  const facility = new Facility(draw);
  const owners = 10_000;
  const first: { readonly id: string; readonly level: Level; readonly before: number }[] = [];
  const own = (owner: number) => (owner % 1_000 === 0 ? 4 : 1);
  for (let owner = 0; owner < owners; owner++)
    for (let n = 0; n < own(owner); n++) {
      const job = { id: `first ${owner} ${n}`, level: (1 + Math.floor(5 * draw())) as Level, owner };
      facility.add({ ...job, dueAt: new Date(START) });
      first.push({ id: job.id, level: job.level, before: own(owner) });
    }
  let came = 0;
  let ms = 0;
  for (; first.some(({ id }) => !facility.startedAt.has(id)) && ms < 12 * 60 * MINUTE; ms += MINUTE) {
    // More than all slots can ever do, of owners who have nothing else and of those who wait.
    for (let n = 0; n < SLOTS; n++)
      facility.add({
        ...{ id: `then ${came++}`, level: 5, owner: Math.floor(1.5 * owners * draw()) },
        dueAt: new Date(START + ms),
      });
    expect(facility.minute(ms)).toBeGreaterThan(0);
  }
  for (const { id, level, before } of first) {
    const bound = ageingBoundMs(level, STEP) + LONGEST * (2 * before + first.length / SLOTS);
    expect(facility.startedAt.get(id)).toBeLessThanOrEqual(bound);
  }
  // The load is what it says: more came than could begin.
  expect(came).toBeGreaterThan(facility.startedAt.size);
});
