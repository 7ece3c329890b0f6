import type { JobKind, Origin } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable, Statement } from "./database.ts";

/** What most jobs of a batch have in common; a row names only what differs. */
export interface BatchDefaults {
  readonly actionId: number;
  readonly actionVersionId: number;
  readonly ownerId: number;
  readonly laneId: number;
  readonly rank: number;
  readonly kind: JobKind;
  readonly origin: Origin;
}

/** One job to insert. `configuration` and `variables` are JSON text that was checked already. */
export interface NewJob {
  readonly id: string;
  readonly configuration: string;
  readonly ownerId?: number;
  readonly laneId?: number;
  readonly rank?: number;
  /** Absent: now. Null: not planned. */
  readonly startAt?: Date | null;
  readonly target?: { readonly type: string; readonly id: string };
  readonly tags?: readonly string[];
  readonly parentId?: string;
  readonly variables?: string;
  /** JSON text of its locks. */
  readonly locks?: string;
  /** Its first lock, as `objectHash` tells. */
  readonly objectHash?: number;
  readonly size?: number;
  /** Its owner is not the one who used its lane first. */
  readonly guest?: true;
  readonly idempotencyKey?: string;
  readonly requestHash?: string;
  readonly actor?: string;
  readonly reason?: string;
  /** It is to have a row of its own when it runs, as its end may not be a plain one. */
  readonly ownRow?: boolean;
}

/** Optional fields of a row: its key in the JSON, the type it is read as, and the columns of `job` it fills. */
const OPTIONAL = {
  o: "int",
  l: "int",
  p: "smallint",
  s: "timestamptz",
  u: "boolean",
  tt: "text",
  ti: "text",
  g: "text[]",
  pa: "uuid",
  va: "json",
  lk: "json",
  oh: "int",
  sz: "float8",
  gu: "boolean",
  k: "text",
  h: "text",
  x: "text",
  r: "text",
  w: "boolean",
} as const;
export type Key = keyof typeof OPTIONAL;
const COLUMN: Partial<Record<Key, string>> = {
  tt: "target_type",
  ti: "target_id",
  g: "tags",
  pa: "parent_id",
  va: "variables",
  lk: "locks",
  sz: "size",
  k: "idempotency_key",
  h: "request_hash",
  x: "actor",
  r: "reason",
};

/** Jobs on their way into one statement, as text: ids and configurations apart, which the server reads in half the time. */
export interface EncodedRows {
  readonly ids: readonly string[];
  readonly configurations: readonly string[];
  /** An object for each job, with the optional keys that it uses. */
  readonly more: readonly string[];
  /** The optional keys that any of them uses. */
  readonly keys: ReadonlySet<Key>;
}

/** Rows as they are gathered, and about how many bytes they take. */
export interface GrowingRows extends EncodedRows {
  readonly ids: string[];
  readonly configurations: string[];
  readonly more: string[];
  readonly keys: Set<Key>;
  bytes: number;
}

export const noRows = (): GrowingRows => ({ ids: [], configurations: [], more: [], keys: new Set(), bytes: 0 });

export function addRow(rows: GrowingRows, job: NewJob): void {
  const more = encodeMore(job, rows.keys);
  rows.ids.push(job.id);
  rows.configurations.push(job.configuration);
  rows.more.push(more);
  rows.bytes += job.id.length + job.configuration.length + more.length;
}

/** How each optional field of a job is written: under its key, as JSON. */
const WRITTEN: { readonly [Name in keyof NewJob]?: (job: NewJob) => readonly [Key, string | undefined][] } = {
  ownerId: (job) => [["o", job.ownerId?.toString()]],
  laneId: (job) => [["l", job.laneId?.toString()]],
  rank: (job) => [["p", job.rank?.toString()]],
  startAt: ({ startAt }) => [startAt === null ? ["u", "true"] : ["s", text(startAt?.toISOString())]],
  target: ({ target }) => [
    ["tt", text(target?.type)],
    ["ti", text(target?.id)],
  ],
  tags: (job) => [["g", JSON.stringify(job.tags)]],
  parentId: (job) => [["pa", text(job.parentId)]],
  variables: (job) => [["va", job.variables]],
  locks: (job) => [["lk", job.locks]],
  objectHash: (job) => [["oh", job.objectHash?.toString()]],
  size: (job) => [["sz", job.size?.toString()]],
  guest: (job) => [["gu", job.guest?.toString()]],
  idempotencyKey: (job) => [["k", text(job.idempotencyKey)]],
  requestHash: (job) => [["h", text(job.requestHash)]],
  actor: (job) => [["x", text(job.actor)]],
  reason: (job) => [["r", text(job.reason)]],
  ownRow: (job) => [["w", job.ownRow ? "true" : undefined]],
};

const text = (value: string | undefined) => (value === undefined ? undefined : JSON.stringify(value));

/** What a job says beside its id and configuration, which is mostly nothing; notes the keys that it uses. */
function encodeMore(job: NewJob, keys: Set<Key>): string {
  let parts = "";
  for (const name in job) {
    for (const [key, json] of WRITTEN[name as keyof NewJob]?.(job) ?? []) {
      if (json === undefined) continue;
      keys.add(key);
      parts += `${parts && ","}"${key}":${json}`;
    }
  }
  return `{${parts}}`;
}

const statements = new Map<string, { name: string; text: string }>();

/** The insert for rows that use these optional keys: few shapes occur, so each is prepared once. */
function insertFor(keys: readonly Key[], tells: boolean): { name: string; text: string } {
  const shape = [...keys, ...(tells ? ["tells"] : [])].join("_");
  const known = statements.get(shape);
  if (known) return known;
  const has = (key: Key) => keys.includes(key);
  const extra = keys.filter((key) => COLUMN[key] !== undefined);
  const filled = extra.map((key) => `, ${COLUMN[key]}`).join("");
  const values = extra.map((key) => `, n.${key}`).join("");
  const state = [
    has("u") ? "when n.u then 'created'" : "",
    has("s") ? "when n.s > callsheet.now() then 'scheduled'" : "",
  ]
    .join(" ")
    .trim();
  const first = state ? `(case ${state} else 'pending' end)::callsheet.job_state` : "'pending'::callsheet.job_state";
  const start = `${has("u") ? "case when not coalesce(n.u, false) then " : ""}${has("s") ? "coalesce(n.s, callsheet.now())" : "callsheet.now()"}${has("u") ? " end" : ""}`;
  const columns = keys.map((key) => `, ${key}`).join("");
  const more = keys.map((key) => `${key} ${OPTIONAL[key]}`).join(", ");
  const text = `
    with n as materialized (
      select r.*, ${has("l") ? "coalesce(r.l, $7::int)" : "$7::int"} as lane, ${has("o") ? "coalesce(r.o, $3::int)" : "$3::int"} as owner, ${has("p") ? "coalesce(r.p, $4::smallint)" : "$4::smallint"} as rank
      from rows from (unnest($1::text::uuid[]), json_array_elements($2::json)${keys.length > 0 ? `, json_to_recordset($${tells ? 12 : 10}::json) as (${more})` : ""}) as r (i, c${columns})
    ), inserted as (
      insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id,
        first_state, kind, origin, configuration_version, rank, configuration${filled})
      select n.i, callsheet.now(), ${start}, (select pg_current_xact_id()::text::bigint), $5::int, $6::int, n.owner, n.lane,
        ${first}, $8::callsheet.job_kind, $9::callsheet.job_origin, 1, n.rank, n.c${values}
      from n
      ${has("k") ? "on conflict (action_id, idempotency_key) where idempotency_key is not null do nothing returning id" : ""}
    ), waiting as (
      insert into callsheet.work (job_id, due_at, lane_id, owner_id, action_version_id, seq, attempt, retries, state, line_state,
        rollback, rank, crashes, intent, plain${has("gu") ? ", guest" : ""}${has("pa") ? ", parent_id" : ""}${has("oh") ? ", object_hash" : ""})
      select n.i, ${start}, n.lane, n.owner, $6::int, 1, 0, 0, ${first}, ${first}, 'none', n.rank, 0, 0, ${state ? `${first} = 'pending'` : "true"}${has("w") ? " and n.w is not true" : ""}${has("gu") ? ", coalesce(n.gu, false)" : ""}${has("pa") ? ", n.pa" : ""}${has("oh") ? ", n.oh" : ""}
      from n ${has("k") ? "where n.i in (select id from inserted)" : ""}
    )
    select ${has("k") ? "id from inserted" : `1 as id where ${tells ? "pg_notify($10, $11) is null" : "false"}`}`;
  const statement = { name: `create_${shape}`, text };
  statements.set(shape, statement);
  return statement;
}

/** Above it is said to take a while. */
const MANY_ROWS = 500;

/**
 * The statement that inserts these rows, each with its place in `work`; all or none. Locks nothing that others need.
 * `told`: a hint that leaves with its commit; of rows without keys.
 */
export function insertJobs(
  { ids, configurations, more, keys }: EncodedRows,
  defaults: BatchDefaults,
  told?: { readonly channel: string; readonly payload: string },
): Statement {
  const { name, text } = insertFor([...keys].sort(), told !== undefined);
  const { ownerId, rank, actionId, actionVersionId, laneId, kind, origin } = defaults;
  const rows = [`{${ids.join(",")}}`, `[${configurations.join(",")}]`];
  const rest = keys.size > 0 ? [`[${more.join(",")}]`] : [];
  const hint = told ? [told.channel, told.payload] : [];
  return {
    name,
    text,
    values: [...rows, ownerId, rank, actionId, actionVersionId, laneId, kind, origin, ...hint, ...rest],
    patience: ids.length > MANY_ROWS ? "bulk" : "hot",
  };
}

/** The jobs that already stand under these idempotency keys of an action. */
export async function jobsByKey(db: Queryable, actionId: number, keys: readonly string[]) {
  const { rows } = await db.query<{ id: string; key: string; hash: string | null }>(sql`
    select id, idempotency_key as key, request_hash as hash
    from callsheet.job
    where action_id = ${actionId} and idempotency_key = any(${keys}::text[])`);
  return rows;
}
