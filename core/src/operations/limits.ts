import {
  callsheetError,
  EVERY,
  LIMIT_SCOPES,
  type Limit,
  type LimitScope,
  type LimitTarget,
} from "@callsheet/contract";
import type { LimitRow } from "../store/limits.ts";
import type { Statements } from "../store/store.ts";
import { alone, type Desk } from "./operate.ts";
import { readScoped, requireAction, type Scoped } from "./scoped.ts";

/** Limits how many jobs run at once. What runs already counts; nothing is revoked. When it has answered, none starts above it. */
export async function putLimit(desk: Desk, target: LimitTarget, running: number): Promise<Limit> {
  const limited = readTarget(target);
  if (!Number.isSafeInteger(running) || running < 1) {
    const problem = "running must be a whole number, 1 or more: a pause lets nothing run.";
    throw callsheetError("invalid_argument", problem, { field: "running" });
  }
  await alone(desk, async (tx) => {
    await requireAction(tx, limited);
    const known = await findLimit(tx, limited);
    if (known) await tx.setLimit(known, running);
    else await limitAnew(tx, { ...limited, running });
  });
  desk.announce({ kind: "everything" });
  return toLimit((await findLimit(desk.store, limited))!);
}

/** Takes a limit away: its default counts then, if there is one. Fails with `unknown_limit`. */
export async function removeLimit(desk: Desk, target: LimitTarget): Promise<void> {
  const { scope, name } = readTarget(target);
  await alone(desk, async (tx) => {
    const limits = (await tx.readLimits()).filter((limit) => limit.scope === scope);
    const known = limits.find((limit) => limit.name === name);
    if (!known || known.inherits)
      throw callsheetError("unknown_limit", `The ${scope} "${name}" has no limit of its own.`, { [scope]: name });
    const standard = limits.find((limit) => limit.name === EVERY);
    if (standard && standard !== known) return tx.inheritLimit(known.id, standard.running);
    await tx.dropLimits([known, ...limits.filter(({ inherits }) => inherits)].map(({ id }) => id));
    await tx.settleContention();
  });
  desk.announce({ kind: "everything" });
}

/** Every limit, by scope and name, each scope's default first. */
export async function listLimits({ store }: Desk): Promise<readonly Limit[]> {
  return (await store.readLimits()).map(toLimit);
}

/** What runs now is given rows of its own and units of the new limit: its use is right from the first moment. */
async function limitAnew(tx: Statements, limit: Scoped<LimitScope> & { readonly running: number }): Promise<void> {
  const lanes = await tx.lanesUnder(limit.scope, limit.name);
  for (const { token, ids } of await tx.membersIn(lanes)) await tx.anchorMembers(token, ids);
  await tx.lockLive(lanes);
  await tx.grantLive(await tx.addLimit(limit, lanes));
  await tx.settleContention();
}

async function findLimit(tx: Statements, { scope, name }: Scoped<LimitScope>): Promise<LimitRow | undefined> {
  return (await tx.readLimits()).find((limit) => limit.scope === scope && limit.name === name);
}

const readTarget = (target: LimitTarget): Scoped<LimitScope> => readScoped(target, LIMIT_SCOPES, [EVERY]);
const toLimit = ({ scope, name, running, used, inherits }: LimitRow): Limit => ({
  ...{ scope, name, running, used: name === EVERY ? null : used, isInherited: inherits },
});
