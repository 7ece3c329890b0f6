import {
  callsheetError,
  type DayJob,
  type DayLimit,
  type FacilityDay,
  PRIORITIES,
  type PriorityName,
  priorityName,
} from "@callsheet/contract";
import type { EndedJob } from "../store/day.ts";
import type { Desk } from "./operate.ts";

/** A stretch of time. */
export interface Span {
  readonly from: Date;
  /** Not included. */
  readonly until: Date;
}

const PAGE = 5_000;

/** The jobs that ended in a stretch of time, the nodes that ran then, and the resources and limits as they are declared now. */
export async function recordDay({ store }: Desk, span: Span): Promise<FacilityDay> {
  const { from, until } = checkSpan(span);
  const jobs: DayJob[] = [];
  for (let after: EndedJob | undefined; ; ) {
    const page = await store.endedJobs({ from, until, after, limit: PAGE });
    for (const job of page) jobs.push(asDayJob(job));
    after = page.at(-1);
    if (page.length < PAGE) break;
  }
  jobs.sort((a, b) => a.at.getTime() - b.at.getTime());
  return { nodes: await store.nodesIn(from, until), ...asPools(await store.declaredPools()), jobs };
}

function checkSpan({ from, until }: Span): Span {
  const isDate = (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime());
  if (isDate(from) && isDate(until) && from < until) return { from, until };
  throw callsheetError("invalid_argument", "from and until must be dates, the first before the second.", {
    field: "until",
  });
}

function asDayJob({ id: _, endedAt: __, rank, ...job }: EndedJob): DayJob {
  const level = (PRIORITIES.urgent - rank) as (typeof PRIORITIES)[PriorityName];
  return {
    ...job,
    priority: priorityName(level),
    locks: [...job.locks],
    tags: [...job.tags],
    durationMs: Math.max(0, job.durationMs),
  };
}

function asPools(
  pools: Awaited<ReturnType<Desk["store"]["declaredPools"]>>,
): Pick<FacilityDay, "resources" | "limits"> {
  const limits = pools.flatMap(({ scope, name, capacity }): readonly DayLimit[] =>
    scope === "action" || scope === "queue" || scope === "site" ? [{ scope, name, running: capacity }] : [],
  );
  const resources = pools.flatMap(({ scope, tags, windows, ...pool }) => {
    const [kind, place] = [scope.split("/", 1)[0], scope.slice(scope.indexOf("/") + 1)];
    const own = { ...pool, tags: [...tags], windows: [...windows] };
    if (kind === "cluster") return [own];
    return scope.includes("/") ? [{ ...own, ...(kind === "site" ? { site: place } : { node: place }) }] : [];
  });
  return { resources, limits };
}
