import {
  type Authority,
  callsheetError,
  nameSchema,
  type RetentionRule,
  type RetentionTarget,
  SETTLED,
  SHORTEST_KEEP_MS,
} from "@callsheet/contract";
import { type Desk, insist } from "./operate.ts";

/** Says how long settled jobs are kept; another rule for the same jobs is replaced. */
export async function putRetention(
  { store }: Desk,
  target: RetentionTarget,
  keepMs: number | null,
  { actor, reason }: Authority,
): Promise<RetentionRule> {
  const about = readTarget(target);
  const isDuration = keepMs === null || (Number.isSafeInteger(keepMs) && keepMs >= SHORTEST_KEEP_MS);
  if (!isDuration)
    throw callsheetError(
      "invalid_argument",
      `keepMs must be null, or whole milliseconds from ${SHORTEST_KEEP_MS} on.`,
      {
        field: "keepMs",
      },
    );
  await insist(() => store.putRetention({ ...about, keepMs, actor, reason: reason ?? null }));
  return (await store.readRetention()).find(({ state, type }) => state === about.state && type === about.type)!;
}

/** Takes a rule away: a more general one counts then, if there is one. Fails with `unknown_retention`. */
export async function removeRetention({ store }: Desk, target: RetentionTarget): Promise<void> {
  const about = readTarget(target);
  if (await store.removeRetention(about)) return;
  throw callsheetError("unknown_retention", "There is no such rule of retention.", { ...about });
}

function readTarget(target: RetentionTarget): Pick<RetentionRule, "state" | "type"> {
  const { state = null, type = null, ...rest } = Object(target) as RetentionTarget;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw callsheetError("invalid_argument", `A rule names a state and a type, not ${unknown}.`, { field: unknown });
  if (state !== null && !SETTLED.includes(state))
    throw callsheetError("invalid_argument", `state must be one of ${SETTLED.join(", ")}.`, { field: "state" });
  const parsed = type === null ? undefined : nameSchema.safeParse(type);
  if (parsed?.success === false)
    throw callsheetError("invalid_argument", `type: ${parsed.error.issues[0]?.message}.`, { field: "type" });
  return { state, type };
}
