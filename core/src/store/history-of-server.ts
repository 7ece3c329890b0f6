import type { Queryable } from "./database.ts";

/**
 * Looks whether the server still has the history that it had: after a failover to a standby that lagged, or a restore, it has
 * lost a part, and tokens go on above all that were given. To be asked on each new connection that draws tokens, before it does.
 * Answers whether it has lost some, once.
 */
export async function hasLostHistory(db: Pick<Queryable, "query">): Promise<boolean> {
  const { rows } = await db.query<{ yes: boolean }>({
    text: "select callsheet.follow_history() as yes",
    values: [],
    patience: "hot",
  });
  return rows[0]!.yes;
}
