import { endAttempts } from "../operations/end.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import type { Changed } from "../store/transition.ts";
import type { Part } from "./part.ts";

const BATCH = 500;

/** How many had overrun, and what became of those that were failed. */
interface Ended {
  readonly count: number;
  readonly changed: readonly Changed[];
}

/** Marks running jobs that overran their time-out, or fails them where the action says so. Kills nothing. */
export async function endOverdue(part: Part, actor?: string): Promise<Ended> {
  const { store, catalogue, environment, bus } = part;
  const jobs = await store.overdueJobs(BATCH);
  const changed: Changed[] = [];
  for (const { id, token, actionVersionId, limitMs } of jobs) {
    const { definition } = await catalogue.version(actionVersionId);
    if (definition.onTimeout === "fail") {
      const message = `The job timed out: it ran longer than ${limitMs} ms.`;
      const ending = { kind: "failed", error: { code: "timed_out", message } } as const;
      const attempt = { id, token, isMember: false, ending, stillRuns: true } as const;
      const ended = await endAttempts(store, catalogue, [attempt], environment.random, actor);
      changed.push(...ended.changed);
      bus.publish({ kind: "job", id });
      tellFreed(bus, ended.changed, ended.pools);
    } else {
      await store.transaction(async (tx) => {
        await tx.transition({ event: "overrun", changes: [{ id, token, to: "timed_out" }] });
        await tx.hastenElsewhere(id);
      });
    }
  }
  return { count: jobs.length, changed };
}
