import type { Secret, SecretUse } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A secret's value as it is stored: nobody reads it without the key of this id. */
export interface Sealed {
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** What an attempt needs to know of a secret. */
export interface SealedSecret extends Sealed, Pick<Secret, "name" | "actions"> {}

const FACTS = sql`name, version, key_id as "keyId", actions, changed_at as "changedAt", actor as "changedBy", reason`;

/** Every secret, without its value. */
export async function listSecrets(db: Queryable): Promise<readonly Secret[]> {
  const { rows } = await db.query<Secret>(sql`select ${FACTS} from callsheet.secret order by name`);
  return rows;
}

/** An attempt that asks for secrets, or whoever undoes what it did. */
export interface SecretReader {
  readonly jobId: string;
  readonly attempt: number;
  readonly nodeId: number;
  /** The action that the job copied, by its name. */
  readonly action: string;
}

/** Those of these secrets that there are. That they were asked for is written down, of those that the action may use. */
export async function sealedSecrets(
  db: Queryable,
  names: readonly string[],
  { jobId, attempt, nodeId, action }: SecretReader,
): Promise<readonly SealedSecret[]> {
  const { rows } = await db.query<SealedSecret>(sql`
    with found as materialized (
      select name, version, actions, key_id, sealed from callsheet.secret where name = any(${names}::text[])
    ), told as (
      insert into callsheet.secret_use (secret, event, version, job_id, attempt, node_id)
      select name, 'read', version, ${jobId}, ${attempt}, ${nodeId} from found where actions is null or ${action} = any(actions)
    )
    select name, actions, key_id as "keyId", sealed from found`);
  return rows;
}

/** What was done with a secret, the last first. */
export async function secretUses(db: Queryable, name: string, limit: number): Promise<readonly SecretUse[]> {
  const { rows } = await db.query<SecretUse>(sql`
    select u.event, u.version, u.at, u.actor, u.reason, u.job_id as "jobId", u.attempt, n.name as node
    from callsheet.secret_use u left join callsheet.node n on n.id = u.node_id
    where u.secret = ${name} order by u.id desc limit ${limit}`);
  return rows;
}

/** Stores a secret, or its new value. `actions` undefined: as before. */
export async function putSecret(
  db: Queryable,
  secret: Sealed & {
    readonly name: string;
    readonly actions: Secret["actions"] | undefined;
    readonly actor: string;
    readonly reason: string | null;
  },
): Promise<Secret> {
  const { name, keyId, sealed, actions, actor, reason } = secret;
  const { rows } = await db.query<Secret>(sql`
    with put as (
    insert into callsheet.secret as s (name, key_id, sealed, actions, actor, reason)
    values (${name}, ${keyId}, ${sealed}, ${actions ?? null}::text[], ${actor}, ${reason})
    on conflict (name) do update
    set version = s.version + 1, key_id = excluded.key_id, sealed = excluded.sealed,
      actions = case when ${actions === undefined} then s.actions else excluded.actions end,
      changed_at = excluded.changed_at, actor = excluded.actor, reason = excluded.reason
    returning *
    ), told as (
      insert into callsheet.secret_use (secret, event, version, actor, reason) select name, 'put', version, actor, reason from put
    )
    select ${FACTS} from put`);
  return rows[0]!;
}

/** Who does something, and why. */
type Said = { readonly actor: string; readonly reason: string | null };

/** Forgets a secret. False: there was none. */
export async function removeSecret(db: Queryable, name: string, { actor, reason }: Said): Promise<boolean> {
  const { count } = await db.query(sql`
    with gone as (delete from callsheet.secret where name = ${name} returning name, version)
    insert into callsheet.secret_use (secret, event, version, actor, reason)
    select name, 'remove', version, ${actor}, ${reason} from gone`);
  return count === 1;
}

/** Locks every secret that is sealed with another key than this. */
export async function lockSecretsNotUnder(tx: Queryable, keyId: string): Promise<readonly SealedSecret[]> {
  const { rows } = await tx.query<SealedSecret>(sql`
    select name, actions, key_id as "keyId", sealed from callsheet.secret where key_id <> ${keyId} order by name for update`);
  return rows;
}

/** Stores the same value under another key. */
export async function resealSecret(
  tx: Queryable,
  name: string,
  { keyId, sealed }: Sealed,
  { actor, reason }: Said,
): Promise<void> {
  await tx.query(sql`
    with resealed as (
      update callsheet.secret set key_id = ${keyId}, sealed = ${sealed} where name = ${name} returning name, version
    )
    insert into callsheet.secret_use (secret, event, version, actor, reason)
    select name, 'rotate', version, ${actor}, ${reason} from resealed`);
}
