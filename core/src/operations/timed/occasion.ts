import { type CallsheetError, isCallsheetError, type Target } from "@callsheet/contract";
import type { Word } from "../../store/elsewhere.ts";
import type { Occasion } from "../../store/occasions.ts";
import { BATCH_ITEMS } from "../batches.ts";
import { sayEnd } from "../elsewhere/said.ts";
import { completeGroup } from "../groups/add-members.ts";
import { createGroup, type GroupDesk } from "../groups/create-group.ts";
import { isGroupTarget } from "../groups/group-mode.ts";
import { insist } from "../operate.ts";

/** For so long nobody else makes the group of an occurrence whose process died while it did. */
const TENDED_MS = 10_000;

/**
 * Takes an occurrence that a group works on a step further: makes its group, completes one whose making broke off, or ends with it.
 * May be done by several at once, and again: the key of the occurrence is that of its group. Who does not know the members of such
 * targets leaves the making to others.
 */
export async function tendOccasion(desk: GroupDesk, occasion: Occasion, random: () => number): Promise<void> {
  const { groupId, group } = occasion;
  if (groupId !== null && (group === null || group.isSettled)) return end(desk, occasion, wordOf(occasion), random);
  const { store } = desk;
  const { timedId, definition } = occasion;
  if (!isGroupTarget(definition.job, desk.targets) || !(await store.tendOccasion(timedId, TENDED_MS))) return;
  const keeping = keepingOn(desk, timedId);
  try {
    const made = groupId ?? (await findGroup(desk, occasion));
    if (made === undefined) await make(keeping, occasion, random);
    else await complete(keeping, occasion, made);
  } finally {
    await store.keepTending(timedId, null);
  }
}

/** Whoever reads the members of a group says with each part of them that he is still at it. */
function keepingOn(desk: GroupDesk, timedId: number): GroupDesk {
  async function* members(group: Target): AsyncGenerator<Target> {
    let count = 0;
    for await (const member of desk.targets.members(group)) {
      if (++count % BATCH_ITEMS === 0) await desk.store.keepTending(timedId, TENDED_MS);
      yield member;
    }
  }
  return { ...desk, targets: { ...desk.targets, members } };
}

/** The key by which an occurrence has one group. */
function keyOf({ timedId, origin, nominal, fold }: Occasion): string {
  return `callsheet.timed/${timedId}/${origin}/${nominal}/${fold}`;
}

async function findGroup({ store }: GroupDesk, occasion: Occasion): Promise<string | undefined> {
  const [found] = await store.jobsByKey(occasion.actionId, [keyOf(occasion)]);
  return found?.id;
}

async function make(desk: GroupDesk, occasion: Occasion, random: () => number): Promise<void> {
  const { definition, actionVersionId, actor } = occasion;
  try {
    const version = await desk.catalogue.version(actionVersionId);
    const input = { ...definition.job, target: definition.job.target!, idempotencyKey: keyOf(occasion) };
    await name(desk, occasion, await createGroup(desk, { version, input, actor, reason: null, origin: "timed" }));
  } catch (error) {
    // What cannot be made is told as its failure; what was begun is completed by whoever comes next.
    if (!isRefusal(error) || (await findGroup(desk, occasion)) !== undefined) throw error;
    await end(desk, occasion, failed(error.code, error.message), random);
  }
}

/** Whether it would be refused again: neither the server's trouble nor that of a resolver. */
function isRefusal(error: unknown): error is CallsheetError {
  return isCallsheetError(error) && error.code !== "stopped" && !error.code.startsWith("database_");
}

async function complete(desk: GroupDesk, occasion: Occasion, id: string): Promise<void> {
  await name(desk, occasion, id);
  const { actor } = occasion;
  await completeGroup(desk, id, { actor }).catch(excuse("group_closed"));
}

/** Tells of the group in the history of the timed action's job. */
function name({ store }: GroupDesk, occasion: Occasion, groupId: string): Promise<void> {
  return insist(() =>
    store.once(async (tx) => {
      const [job] = await tx.lockAttempts([occasion]);
      if (job === undefined || !(await tx.nameGroup(occasion, groupId))) return;
      const data = JSON.stringify({ handle: { group: groupId } });
      await tx.note({ id: job.id, event: "elsewhere", actor: null, reason: null, data });
    }),
  );
}

/** How an occurrence ends whose group has settled, or is gone. */
function wordOf({ groupId, group }: Occasion): Word {
  if (group === null) return failed("group_not_found", `Group ${groupId} is gone.`);
  const { good, bad, cancelled } = group.counts;
  switch (group.state) {
    case "completed":
      return { ending: { kind: "completed" }, result: JSON.stringify({ group: groupId, good, cancelled }) };
    case "cancelled":
      return failed("group_cancelled", `Group ${groupId} was cancelled.`);
    default:
      return failed("group_failed", `Of group ${groupId} ${bad} failed, ${good} completed.`);
  }
}

/** Members were retried by themselves: nothing of it is done again. */
const failed = (code: string, message: string): Word => ({
  ending: { kind: "failed", error: { code, message }, isFinal: true },
});

/** Ends an occurrence; somebody else may have been faster. */
async function end(desk: GroupDesk, occasion: Occasion, word: Word, random: () => number): Promise<void> {
  const { id, token } = occasion;
  await sayEnd(desk, { id, token, fence: null }, word, { random }).catch(excuse("already_ended", "stale_attempt"));
}

const excuse =
  (...codes: readonly string[]) =>
  (error: unknown): void => {
    if (!isCallsheetError(error) || !codes.includes(error.code)) throw error;
  };
