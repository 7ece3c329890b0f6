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
  k: "idempotency_key",
  h: "request_hash",
  x: "actor",
  r: "reason",
};

/** One row as JSON text, and the optional keys that it uses. */
export function encodeRow(job: NewJob, keys: Set<Key>): string {
  let row = `{"i":"${job.id}","c":${job.configuration}`;
  const put = (key: Key, json: string | undefined) => {
    if (json === undefined) return;
    keys.add(key);
    row += `,"${key}":${json}`;
  };
  const text = (value: string | undefined) => (value === undefined ? undefined : JSON.stringify(value));
  put("o", job.ownerId?.toString());
  put("l", job.laneId?.toString());
  put("p", job.rank?.toString());
  if (job.startAt === null) put("u", "true");
  else put("s", text(job.startAt?.toISOString()));
  put("tt", text(job.target?.type));
  put("ti", text(job.target?.id));
  put("g", job.tags === undefined ? undefined : JSON.stringify(job.tags));
  put("pa", text(job.parentId));
  put("va", job.variables);
  put("k", text(job.idempotencyKey));
  put("h", text(job.requestHash));
  put("x", text(job.actor));
  put("r", text(job.reason));
  if (job.ownRow) put("w", "true");
  return `${row}}`;
}

const statements = new Map<string, { name: string; text: string }>();

/** The insert for rows that use these optional keys: few shapes occur, so each is prepared once. */
function insertFor(keys: readonly Key[]): { name: string; text: string } {
  const shape = keys.join("_");
  const known = statements.get(shape);
  if (known) return known;
  const has = (key: Key) => keys.includes(key);
  const extra = keys.filter((key) => COLUMN[key] !== undefined);
  const columns = extra.map((key) => `, ${COLUMN[key]}`).join("");
  const values = extra.map((key) => `, n.${key}`).join("");
  const state = [
    has("u") ? "when n.u then 'created'" : "",
    has("s") ? "when n.s > callsheet.now() then 'scheduled'" : "",
  ]
    .join(" ")
    .trim();
  const first = state ? `(case ${state} else 'pending' end)::callsheet.job_state` : "'pending'::callsheet.job_state";
  const start = `${has("u") ? "case when not coalesce(n.u, false) then " : ""}${has("s") ? "coalesce(n.s, callsheet.now())" : "callsheet.now()"}${has("u") ? " end" : ""}`;
  const text = `
    with n as materialized (
      select r.*, ${has("l") ? "coalesce(r.l, $6::int)" : "$6::int"} as lane, ${has("o") ? "coalesce(r.o, $2::int)" : "$2::int"} as owner, ${has("p") ? "coalesce(r.p, $3::smallint)" : "$3::smallint"} as rank
      from json_to_recordset($1::json) as r (i uuid, c json${keys.map((key) => `, ${key} ${OPTIONAL[key]}`).join("")})
    ), inserted as (
      insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id,
        first_state, kind, origin, configuration_version, rank, configuration${columns})
      select n.i, callsheet.now(), ${start}, (select pg_current_xact_id()::text::bigint), $4::int, $5::int, n.owner, n.lane,
        ${first}, $7::callsheet.job_kind, $8::callsheet.job_origin, 1, n.rank, n.c${values}
      from n
      ${has("k") ? "on conflict (action_id, idempotency_key) where idempotency_key is not null do nothing returning id" : ""}
    ), waiting as (
      insert into callsheet.work (job_id, due_at, lane_id, owner_id, action_version_id, seq, attempt, retries, state, line_state,
        rollback, rank, crashes, intent, plain)
      select n.i, ${start}, n.lane, n.owner, $5::int, 1, 0, 0, ${first}, ${first}, 'none', n.rank, 0, 0, ${state ? `${first} = 'pending'` : "true"}${has("w") ? " and n.w is not true" : ""}
      from n ${has("k") ? "where n.i in (select id from inserted)" : ""}
    )
    select ${has("k") ? "id from inserted" : "1 as id where false"}`;
  const statement = { name: `create_${shape}`, text };
  statements.set(shape, statement);
  return statement;
}

/** Rows as JSON text, and the optional keys that any of them uses. */
export interface EncodedRows {
  readonly rows: readonly string[];
  readonly keys: ReadonlySet<Key>;
}

/** Above it is said to take a while. */
const MANY_ROWS = 500;

/** The statement that inserts these rows, each with its place in `work`; all or none. Locks nothing that others need. */
export function insertJobs({ rows, keys }: EncodedRows, defaults: BatchDefaults): Statement {
  const { name, text } = insertFor([...keys].sort());
  const { ownerId, rank, actionId, actionVersionId, laneId, kind, origin } = defaults;
  return {
    name,
    text,
    values: [`[${rows.join(",")}]`, ownerId, rank, actionId, actionVersionId, laneId, kind, origin],
    patience: rows.length > MANY_ROWS ? "bulk" : "hot",
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
