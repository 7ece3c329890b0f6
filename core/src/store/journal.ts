import type { EntryState, Json, UndoEntry } from "@callsheet/contract";
import type { Queryable } from "./database.ts";

/** What an attempt is about to do. */
export interface NewEntry {
  readonly id: string;
  readonly token: string;
  readonly n: number;
  readonly name: string;
  readonly path: string | null;
  /** JSON text. */
  readonly data: string;
  /** Its action type makes it final when the job completes. */
  readonly keeps: boolean;
}

/** Stores an entry for the attempt that names itself; once, however often it is sent. False: it was superseded. */
export async function addEntry(db: Queryable, entry: NewEntry): Promise<boolean> {
  const { id, token, n, name, path, data, keeps } = entry;
  const { count } = await db.query({
    text: `
      with held as materialized (
        select job_id, attempt from callsheet.work
        where job_id = $1::uuid and token = $2::bigint and state in ('running', 'timed_out', 'cancelling') and rollback <> 'required'
        for update
      ), marked as (
        update callsheet.work w set journaled = true from held where w.job_id = held.job_id and not w.journaled
      )
      insert into callsheet.undo_entry (job_id, attempt, n, name, path, data, state, at, keeps)
      select job_id, attempt, $3, $4, $5, $6::json, 'intent', callsheet.now(), $7 from held
      on conflict (job_id, attempt, n) do update set at = undo_entry.at`,
    values: [id, token, n, name, path, data, keeps],
  });
  return count === 1;
}

/** An entry, by its place in the journal of its job. */
export interface EntryPlace {
  readonly jobId: string;
  readonly attempt: number;
  readonly n: number;
}

/** An entry that is open: undone if its job fails. */
export interface OpenEntry extends EntryPlace {
  readonly path: string | null;
  readonly keeps: boolean;
}

/** The open entries of jobs whose rows are locked. */
export async function openEntries(tx: Queryable, ids: readonly string[]): Promise<readonly OpenEntry[]> {
  const { rows } = await tx.query<OpenEntry>({
    text: `select job_id as "jobId", attempt, n, path, keeps from callsheet.undo_entry
      where job_id = any($1::uuid[]) and state = 'intent' order by job_id, attempt, n`,
    values: [ids],
  });
  return rows;
}

/** Closes entries whose effects count: nobody undoes them any more. Those that are to be made final wait for it. */
export async function keepEntries(tx: Queryable, entries: readonly EntryPlace[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query({
    text: `
      update callsheet.undo_entry e
      set state = case when e.keeps then 'keeping' else 'kept' end, ended_at = case when not e.keeps then callsheet.now() end
      from unnest($1::uuid[], $2::int[], $3::int[]) as k (job_id, attempt, n)
      where e.job_id = k.job_id and e.attempt = k.attempt and e.n = k.n and e.state = 'intent'`,
    values: columnsOf(entries),
  });
}

const columnsOf = (entries: readonly EntryPlace[]) => [
  entries.map(({ jobId }) => jobId),
  entries.map(({ attempt }) => attempt),
  entries.map(({ n }) => n),
];

/** Changes all entries of a job from some states to another one. */
export async function changeEntries(
  tx: Queryable,
  id: string,
  change: { readonly from: readonly EntryState[]; readonly to: EntryState },
): Promise<void> {
  await tx.query({
    text: `update callsheet.undo_entry set state = $3, ended_at = case when $3 = 'resolved' then callsheet.now() end
      where job_id = $1::uuid and state = any($2::text[])`,
    values: [id, change.from, change.to],
  });
}

/** Everything that the attempts of a job journaled, oldest first. */
export async function readJournal(db: Queryable, id: string): Promise<readonly UndoEntry[]> {
  const { rows } = await db.query<UndoEntry>({
    text: `select attempt, n, name, path, data, state, at, ended_at as "endedAt", error from callsheet.undo_entry
      where job_id = $1::uuid order by attempt, n`,
    values: [id],
  });
  return rows;
}

/** An entry that is to be undone, or to be made final. */
export interface EntryToDo extends EntryPlace {
  readonly name: string;
  readonly data: Json;
  readonly state: "intent" | "keeping";
}

/** The next entries to do for a job: what is to be undone, the last first; then what is to be kept, the first first. */
export async function entriesToDo(
  db: Queryable,
  id: string,
  options: { readonly undoes: boolean; readonly limit: number },
): Promise<readonly EntryToDo[]> {
  const { rows } = await db.query<EntryToDo>({
    text: `
      select job_id as "jobId", attempt, n, name, data, state from callsheet.undo_entry
      where job_id = $1::uuid and state = case when $2 then 'intent' else 'keeping' end
      order by case when $2 then -attempt else attempt end, case when $2 then -n else n end limit $3`,
    values: [id, options.undoes, options.limit],
  });
  return rows;
}
