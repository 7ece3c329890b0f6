import type { CheckRecord, HistoryEntry, JobLine, JobRecord } from "@callsheet/contract";
import type { Queryable } from "../database.ts";
import { readLines } from "../history.ts";
import { CIRCLES } from "./circles.ts";
import { CLAIMS, OBJECTS, POOLS } from "./holdings.ts";
import { JOBS, NODES } from "./jobs.ts";
import { DANGLING } from "./references.ts";

/** What the checker reads, in the order in which it reads it. */
const SOURCES = {
  ...{ node: NODES, pool: POOLS, claim: CLAIMS, object: OBJECTS, dangling: DANGLING, circle: CIRCLES, job: JOBS },
} as const;

/**
 * From here on all statements of the transaction see the same moment, and none changes anything. To be called first. A walk
 * over everything is planned for its end, not for its first rows.
 */
export async function freeze(tx: Queryable): Promise<void> {
  await tx.query({ text: "set transaction isolation level repeatable read, read only", values: [] });
  await tx.query({
    text: "select set_config('cursor_tuple_fraction', '1', true), set_config('jit', 'off', true)",
    values: [],
  });
}

/** How many jobs there are. */
export async function countJobs(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ count: number }>({
    text: "select count(*)::int as count from callsheet.job",
    values: [],
    patience: "bulk",
  });
  return rows[0]!.count;
}

/** Everything that the checker looks at, by cursor, `most` records at a time. */
export async function* checkRecords(tx: Queryable, most: number): AsyncGenerator<readonly CheckRecord[]> {
  for (const [source, text] of Object.entries(SOURCES)) {
    const cursor = `check_${source}`;
    await tx.query({ text: `declare ${cursor} no scroll cursor for ${text}`, values: [], patience: "bulk" });
    for (;;) {
      const { rows } = await tx.query<CheckRecord>({
        text: `fetch ${most} from ${cursor}`,
        values: [],
        patience: "bulk",
      });
      if (rows.length === 0) break;
      yield source === "job" ? await withLines(tx, rows as readonly JobRecord[]) : rows;
    }
    await tx.query({ text: `close ${cursor}`, values: [] });
  }
}

async function withLines(tx: Queryable, jobs: readonly JobRecord[]): Promise<readonly JobRecord[]> {
  const lines = new Map<string, JobLine[]>(jobs.map(({ id }) => [id, []]));
  for (const line of await readLines(
    tx,
    jobs.map(({ id }) => id),
  ))
    lines.get(line.jobId)?.push(toLine(line));
  return jobs.map((job) => ({ ...job, lines: lines.get(job.id)! }));
}

function toLine({
  seq,
  event,
  from,
  via,
  to,
  attempt,
  token,
  nodeId,
  data,
}: HistoryEntry & { readonly nodeId: number | null }): JobLine {
  const startedAt = (data as { readonly startedAt?: string | null } | null)?.startedAt;
  return {
    ...{ seq, event, from, via, to, attempt, token, nodeId },
    startedAt: typeof startedAt === "string" ? Date.parse(startedAt) : null,
  };
}
