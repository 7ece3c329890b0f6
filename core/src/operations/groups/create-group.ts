import { callsheetError, type JobInput, type Origin, type Target } from "@callsheet/contract";
import type { NewJob } from "../../store/create.ts";
import type { CallerTransaction } from "../../store/database.ts";
import { type ActionVersion, laneKey } from "../../store/dictionary.ts";
import type { Statements } from "../../store/store.ts";
import { BATCH_ITEMS } from "../batches.ts";
import type { Catalogue } from "../catalogue.ts";
import {
  checkInstant,
  checkTarget,
  chunks,
  keyOf,
  type Makers,
  type Prepared,
  prepareJobs,
  resolveKeys,
} from "../create.ts";
import { checkInput } from "../job-input.ts";
import type { LaneOf } from "../lanes.ts";
import { type Desk, insist } from "../operate.ts";

/** What operations on groups work with. */
export interface GroupDesk extends Desk {
  readonly makers: Makers;
}

/** A group to be created of its target's members, each by the same input. */
export interface GroupRequest {
  readonly version: ActionVersion;
  readonly input: JobInput & { readonly target: Target };
  readonly actor: string;
  readonly reason: string | null;
  readonly origin: Origin;
  /** The caller's own transaction: the whole group is created in it. */
  readonly tx?: CallerTransaction;
}

/** A group above so many members, or one that takes more, has a lane of its own, so that nobody else's jobs stand behind it while it is held. */
const MOST_IN_COMMON_LANE = 1_000;

/**
 * Creates a group job with a job for each member, all of one start time. Up to 5,000 members are stored with it; larger ones
 * follow in parts, and it is open until the last of them: it does not settle before. One that is kept open is not closed then.
 */
export async function createGroup(desk: GroupDesk, request: GroupRequest): Promise<string> {
  checkInput(request.input);
  const target = checkTarget(request.input.target);
  const parts = inParts(desk.targets.members(target), BATCH_ITEMS);
  const { value: first } = (await parts.next()) as { value: Part };
  if (first.targets.length === 0)
    throw callsheetError("empty_group", `The ${target.type} "${target.id}" has no members.`, { ...target });
  if (request.tx && !first.isLast)
    throw callsheetError("group_too_large", `A group of more than ${BATCH_ITEMS} members does not fit a transaction.`);
  const { keepOpen = false } = request.input;
  const isLarge = keepOpen || first.targets.length > MOST_IN_COMMON_LANE;
  const id = desk.makers.newId();
  // In a transaction its own time, by which it is decided what is due.
  const now = await (request.tx ? desk.store.within(request.tx) : desk.store).databaseNow();
  const members = await membersOf(desk, { ...request, target, id, now, rootId: isLarge ? id : null });
  const made = await storeFirst(desk, request, members, first);
  if (made !== id || first.isLast) return made;
  let had = first.targets.length;
  for await (const part of parts) {
    await storePart(desk, members, { targets: part.targets, had });
    had += part.targets.length;
  }
  if (!keepOpen) await insist(() => desk.store.once((tx) => tx.closeGroup(id)));
  return id;
}

/** How the members of a group are made, the first like the last. */
export interface MemberMaker {
  readonly id: string;
  readonly target: Target;
  /** Of each member, but for its target. */
  readonly input: JobInput;
  prepare(targets: readonly Target[]): Promise<Prepared>;
}

export async function membersOf(
  desk: GroupDesk,
  group: Omit<GroupRequest, "tx"> & {
    readonly id: string;
    readonly target: Target;
    readonly rootId: string | null;
    readonly now: Date;
  },
): Promise<MemberMaker> {
  const { version, actor, reason, origin, id, target } = group;
  const { target: _, idempotencyKey: __, keepOpen: ___, ...said } = group.input;
  // One instant for all of them, in whatever part they are stored.
  const startAt = said.startAt === undefined ? group.now : checkInstant(said.startAt, "startAt");
  const input = { ...said, startAt };
  const of = { id, version, laneOf: laneFinder(desk, group.rootId) };
  return {
    ...{ id, target, input },
    prepare: (targets) =>
      prepareJobs(desk.makers, {
        ...{ action: version.definition.name, actor, reason, origin, group: of },
        inputs: targets.map((member) => ({ ...input, target: member })),
      }),
  };
}

/** The lanes of a group's members: those of all groups, or its own. */
function laneFinder({ catalogue, store }: GroupDesk, rootId: string | null): Catalogue["lane"] {
  const own = new Map<string, Promise<LaneOf>>();
  return (version, needs, ownerId) => {
    const grouped = { ...needs, members: true as const };
    if (rootId === null) return catalogue.lane(version, grouped, ownerId);
    const key = JSON.stringify([grouped, ownerId]);
    const found =
      own.get(key) ??
      store
        .findLane({ ...laneKey(version, grouped), rootId }, ownerId)
        .then(({ id, hostId, isShared }) => ({ id, isGuest: isShared || hostId !== ownerId }));
    own.set(key, found);
    return found;
  };
}

/** The group with its first members, or the one that its key was used for before. */
async function storeFirst(desk: GroupDesk, request: GroupRequest, members: MemberMaker, first: Part): Promise<string> {
  const { jobs, defaults } = await members.prepare(first.targets);
  const { locks: _, size: __, parentId: ___, laneId = defaults.laneId, ...like } = jobs[0]!;
  const group: NewJob = { ...like, id: members.id, target: members.target, ...keyOf(request.input) };
  const addition = {
    count: jobs.length,
    isClosed: first.isLast && !request.input.keepOpen,
    input: JSON.stringify(members.input),
  };
  const store = async (tx: Statements): Promise<string> => {
    if (!(await tx.insertGroup(group, { ...defaults, laneId }, addition)))
      return (await resolveKeys(tx, defaults.actionId, [group], new Set<string>()))[0]!;
    for (const chunk of chunks(jobs)) await tx.createJobs(chunk, defaults);
    return group.id;
  };
  if (request.tx) return store(desk.store.within(request.tx));
  const id = await insist(() => desk.store.once(store));
  announce(desk, { jobs, defaults });
  return id;
}

/** Members that are added to a group that had so many. */
export interface Growth {
  readonly targets: readonly Target[];
  readonly had: number;
}

/** Further members of a group. Fails with `group_closed`, also where others were added meanwhile, and then stores none of them. */
export async function storePart(desk: GroupDesk, members: MemberMaker, { targets, had }: Growth): Promise<void> {
  if (targets.length === 0) return;
  const prepared = await members.prepare(targets);
  await insist(() =>
    desk.store.once(async (tx) => {
      for (const chunk of chunks(prepared.jobs)) await tx.createJobs(chunk, prepared.defaults);
      if (!(await tx.growGroup(members.id, { had, more: prepared.jobs.length })))
        throw callsheetError("group_closed", `Group ${members.id} takes no members any more.`, { id: members.id });
    }),
  );
  announce(desk, prepared);
}

function announce(desk: Desk, { jobs, defaults }: Prepared): void {
  const lanes = new Map(jobs.map(({ laneId = defaults.laneId, rank = defaults.rank }) => [laneId, rank]));
  for (const [laneId, rank] of lanes) desk.announce({ kind: "lane", laneId, rank });
  if (jobs[0]?.startAt) desk.announce({ kind: "due" });
}

interface Part {
  readonly targets: readonly Target[];
  readonly isLast: boolean;
}

/** Members in parts of so many, the last of which may be empty. */
export async function* inParts(members: AsyncIterable<Target> | Iterable<Target>, size: number): AsyncGenerator<Part> {
  let targets: Target[] = [];
  for await (const target of members) {
    if (targets.length === size) {
      yield { targets, isLast: false };
      targets = [];
    }
    targets.push(target);
  }
  yield { targets, isLast: true };
}
