import { type DueJob, decideAdmission, type Level, PRIORITIES, type QueuedJob } from "@callsheet/contract";
import type { Candidate } from "../store/admission.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

/** It is woken when jobs wait; until then it has nothing to look at. */
const IDLE_MS = 3_600_000;

/**
 * Orders the internal queue: the best due jobs stand in it, by effective priority, never more than its capacity. One
 * process at a time does it. When nodes empty the queue faster than it is filled they take pending jobs in the same
 * order themselves, and filling it for them would only cost: rounds become rarer then.
 */
export function startAdmission({ store, environment, log }: Part): Service {
  const eager = 100;
  let gap = eager;
  let lanes = 1;
  return startService({
    name: "admission",
    environment,
    log,
    everyMs: IDLE_MS,
    firstMs: IDLE_MS,
    gapMs: 50,
    round: () =>
      store.transaction(async (tx) => {
        if (!(await tx.becomeAdmitter())) return null;
        const capacity = await tx.settingNumber("queue_capacity");
        const queued = await tx.queuedJobs();
        // Enough to fill the room from the lanes that had work the last time; what is missing comes with the next round.
        const room = Math.max(0, capacity - queued.length);
        const pending = await tx.pendingHeads(Math.min(1_000, Math.max(20, Math.ceil((4 * room) / lanes))));
        lanes = Math.max(1, new Set(pending.map((one) => one.laneId)).size);
        if (pending.length === 0 && queued.length === 0) return null;
        const stepMs = await tx.settingNumber("ageing_step_ms");
        const now = (pending[0] ?? queued[0])!.now;
        const decision = decideAdmission({
          now,
          stepMs,
          capacity,
          queued: queued.map(asQueued),
          pending: pending.map(asDue),
        });
        await tx.giveWay(decision.giveWay);
        await tx.admitJobs([...decision.admit, ...decision.reorder]);
        gap = queued.length === 0 && decision.admit.length > 0 ? Math.min(1_000, gap * 2) : eager;
        return gap;
      }),
  });
}

const asDue = ({ id, rank, dueAt }: Candidate): DueJob => ({ id, dueAt, level: (PRIORITIES.urgent - rank) as Level });
const asQueued = (candidate: Candidate): QueuedJob => ({
  ...asDue(candidate),
  ...(candidate.turn === null ? {} : { turn: candidate.turn }),
});
