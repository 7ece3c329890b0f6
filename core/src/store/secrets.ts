import type { Secret } from "@callsheet/contract";
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

/** Those of these secrets that there are. */
export async function sealedSecrets(db: Queryable, names: readonly string[]): Promise<readonly SealedSecret[]> {
  const { rows } = await db.query<SealedSecret>(sql`
    select name, actions, key_id as "keyId", sealed from callsheet.secret where name = any(${names}::text[])`);
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
    insert into callsheet.secret as s (name, key_id, sealed, actions, actor, reason)
    values (${name}, ${keyId}, ${sealed}, ${actions ?? null}::text[], ${actor}, ${reason})
    on conflict (name) do update
    set version = s.version + 1, key_id = excluded.key_id, sealed = excluded.sealed,
      actions = case when ${actions === undefined} then s.actions else excluded.actions end,
      changed_at = excluded.changed_at, actor = excluded.actor, reason = excluded.reason
    returning ${FACTS}`);
  return rows[0]!;
}

/** Forgets a secret. False: there was none. */
export async function removeSecret(db: Queryable, name: string): Promise<boolean> {
  const { count } = await db.query(sql`delete from callsheet.secret where name = ${name}`);
  return count === 1;
}

/** Locks every secret that is sealed with another key than this. */
export async function lockSecretsNotUnder(tx: Queryable, keyId: string): Promise<readonly SealedSecret[]> {
  const { rows } = await tx.query<SealedSecret>(sql`
    select name, actions, key_id as "keyId", sealed from callsheet.secret where key_id <> ${keyId} order by name for update`);
  return rows;
}

/** Stores the same value under another key. */
export async function resealSecret(tx: Queryable, name: string, { keyId, sealed }: Sealed): Promise<void> {
  await tx.query(sql`update callsheet.secret set key_id = ${keyId}, sealed = ${sealed} where name = ${name}`);
}
