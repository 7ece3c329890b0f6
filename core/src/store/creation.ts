import { type BatchDefaults, type EncodedRows, insertJobs } from "./create.ts";
import type { Database, Line, Queryable } from "./database.ts";
import { isUnstorable } from "./failure.ts";
import { notification } from "./notification.ts";
import type { Rows } from "./statement.ts";

/** A connection for creating jobs. */
export interface Creation {
  createJobs(rows: EncodedRows, defaults: BatchDefaults, hint?: string): Promise<Rows<{ id: string }>>;
  close(): Promise<void>;
}

/** Opens a connection that tells of new jobs on this channel. */
export async function openCreation(db: Database, channel: string): Promise<Creation> {
  const line = await db.line("create");
  return {
    createJobs: (rows, defaults, hint) => {
      if (hint === undefined) return line.query(insertJobs(rows, defaults));
      const told = { channel, payload: hint };
      return isAlone(rows) ? createOne(line, rows, defaults, told) : createMany(line, rows, defaults, told);
    },
    close: () => line.close(),
  };
}

/** Creates jobs on the pool, whose connections keep no order among each other: a hint is sent when its jobs are there. */
export function createOnPool(db: Database, channel: string): Creation["createJobs"] {
  return async (rows, defaults, hint) => {
    if (hint !== undefined && isAlone(rows)) return createOne(db, rows, defaults, { channel, payload: hint });
    const created = await db.query<{ id: string }>(insertJobs(rows, defaults));
    if (hint !== undefined) await db.query(notification(channel, hint)).catch(() => {});
    return created;
  };
}

interface Told {
  readonly channel: string;
  readonly payload: string;
}

/** A lone job without a key: whoever waits for it is told by the same commit, which saves a statement between the two. */
const isAlone = ({ ids, keys }: EncodedRows): boolean => ids.length === 1 && !keys.has("k");

async function createOne(db: Queryable, rows: EncodedRows, defaults: BatchDefaults, told: Told) {
  try {
    return await db.query<{ id: string }>(insertJobs(rows, defaults, told));
  } catch (error) {
    if (!isUnstorable(error)) throw error;
    // The server's queue of hints may be full. A hint that is lost costs time, never a job.
    return db.query<{ id: string }>(insertJobs(rows, defaults));
  }
}

/**
 * A commit that tells waits for all others that do, so the hint comes right behind the rows of many. It is made while the
 * server is at work, which takes it up when the rows are committed. Should it fail, the poll finds them.
 */
function createMany(line: Line, rows: EncodedRows, defaults: BatchDefaults, { channel, payload }: Told) {
  const created = line.query<{ id: string }>(insertJobs(rows, defaults));
  line.query(notification(channel, payload)).catch(() => {});
  return created;
}
