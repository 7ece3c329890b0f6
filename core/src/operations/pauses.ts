import { type Authority, callsheetError, PAUSE_SCOPES, type Pause, type PauseTarget } from "@callsheet/contract";
import { storableText } from "./configuration.ts";
import { alone, type Desk } from "./operate.ts";
import { readScoped, requireAction } from "./scoped.ts";

/** Pauses an action, a queue, a site or a node. When it has answered, no job of it starts until it is resumed. */
export async function pause(
  desk: Desk,
  target: PauseTarget,
  reason: string | undefined,
  authority: Authority,
): Promise<Pause> {
  const paused = readScoped(target, PAUSE_SCOPES);
  const why = reason === undefined ? (authority.reason ?? null) : storableText(reason, "reason", 2_000);
  return alone(desk, async (tx) => {
    await requireAction(tx, paused);
    await tx.putPause({ ...paused, actor: authority.actor, reason: why });
    await tx.settlePauses();
    return (await tx.readPauses()).find(({ scope, name }) => scope === paused.scope && name === paused.name)!;
  });
}

/** Takes a pause away; jobs that no other pause holds start at once. Fails with `not_paused`. */
export async function resume(desk: Desk, target: PauseTarget): Promise<void> {
  const { scope, name } = readScoped(target, PAUSE_SCOPES);
  await alone(desk, async (tx) => {
    if (!(await tx.deletePause(scope, name)))
      throw callsheetError("not_paused", `The ${scope} "${name}" is not paused.`, { [scope]: name });
    await tx.settlePauses();
  });
  desk.announce({ kind: "everything" });
}

/** Every pause, the longest standing first. */
export function listPauses({ store }: Desk): Promise<readonly Pause[]> {
  return store.readPauses();
}
