import { endAttempts } from "../operations/end.ts";
import type { Claimed } from "../store/claim.ts";
import type { Claimer } from "./claimer.ts";
import type { Part } from "./part.ts";
import type { Reporter } from "./reporter.ts";
import type { Ready, Runner } from "./runner.ts";

export interface FeederOptions {
  readonly part: Part;
  readonly claimer: Claimer;
  readonly runner: Runner;
  readonly reporter: Reporter;
  readonly nodeId: () => number;
  readonly onLoss: (error: unknown) => void;
  readonly isKnown: (id: string) => boolean;
}

/** Keeps a node's slots filled: claims ahead only as far as the node runs in a moment, and hands back what did not begin. */
export interface Feeder {
  /** Claims as long as there is room and work. */
  round(): Promise<number | null>;
  /** A slot has become free. */
  more(): void;
  onHungry(wake: () => void): void;
  /** Drops what was claimed and not begun: it is not this incarnation's any more. */
  forget(): void;
  /** Stops claiming, and hands back what had not begun. */
  stop(): Promise<void>;
}

const MOST_AHEAD = 2_000;
/** What was claimed ahead should have begun within this time; longer, and less is claimed ahead. */
const AHEAD_MS = 60;
/** What has not begun by then is handed back: other nodes may have room. */
const TOO_LONG_MS = 250;

export function createFeeder({ part, claimer, runner, reporter, nodeId, onLoss, isKnown }: FeederOptions): Feeder {
  const { environment, catalogue, store } = part;
  let ready: Ready[] = [];
  let next = 0;
  let ahead = 0;
  let isStopped = false;
  let isPumping = false;
  let mustReconcile = false;
  let round: Promise<number | null> | undefined;
  let wake = () => {};

  /** The last of a batch has begun: in time, and more is claimed ahead; late, and less. */
  const adapt = (waitedMs: number) => {
    ahead = waitedMs < AHEAD_MS ? Math.min(MOST_AHEAD, ahead * 2 + 16) : Math.floor(ahead / 2);
  };
  const waiting = () => ready.length - next;
  const pump = () => {
    isPumping = false;
    while (runner.free > 0 && next < ready.length) {
      const one = ready[next++]!;
      if (one.isLast) adapt(environment.monotonic() - one.claimedAt);
      runner.start(one);
    }
    if (next > 0 && next === ready.length) {
      ready = [];
      next = 0;
    }
    if (waiting() * 2 <= ahead) wake();
  };
  const more = () => {
    if (isPumping) return;
    isPumping = true;
    queueMicrotask(pump);
  };

  const prepare = async (claimed: readonly Claimed[], claimedAt: number): Promise<readonly Ready[]> => {
    const versions = await catalogue.versions(
      claimed.map((job) => job.actionVersionId),
      store,
    );
    const owners = await catalogue.ownerNames(claimed.map((job) => job.ownerId));
    const size = claimed.reduce((count, job) => count + (job.ordinal > 0 ? 1 : 0), 0);
    return claimed.map((job, index) => ({
      claimed: job,
      isLast: index === claimed.length - 1,
      version: versions.get(job.actionVersionId)!,
      owner: owners.get(job.ownerId)!,
      size,
      claimedAt,
    }));
  };

  const handBack = async (jobs: readonly { id: string; token: string; isMember: boolean }[]) => {
    if (jobs.length === 0) return;
    const ended = jobs.map((job) => ({ ...job, ending: { kind: "handed_back" as const } }));
    const { changed } = await endAttempts(store, catalogue, ended, environment.random);
    for (const { laneId, rank } of changed) part.bus.publish({ kind: "lane", laneId, rank });
  };
  const handBackWaiting = async () => {
    const left = ready.slice(next);
    ready = [];
    next = 0;
    await handBack(left.map(({ claimed: { id, token, ordinal } }) => ({ id, token, isMember: ordinal > 0 })));
  };

  /** The answer to a claim's COMMIT was lost: what stands as ours and was never begun goes back. */
  const reconcile = async () => {
    const known = (id: string) => isKnown(id) || reporter.isPending(id) || ready.some((one) => one.claimed.id === id);
    const members = (await store.claimsLeftBy(nodeId())).flatMap(({ token, ids }) =>
      ids.map((id) => ({ id, token, isMember: true })),
    );
    const rows = (await store.liveJobsOf(nodeId())).map(({ id, token }) => ({ id, token, isMember: false }));
    await handBack([...members, ...rows].filter(({ id }) => !known(id)));
    mustReconcile = false;
  };

  const claim = async (): Promise<number | null> => {
    if (mustReconcile) await reconcile();
    while (!isStopped) {
      if (waiting() > 0 && environment.monotonic() - ready[next]!.claimedAt > TOO_LONG_MS) {
        ahead = 0;
        await handBackWaiting();
      }
      // Ends that are not stored yet hold the next claim back, so that memory stays bounded.
      if (waiting() * 2 > ahead || reporter.backlog > 2 * MOST_AHEAD) return waiting() > 0 ? TOO_LONG_MS : null;
      const want = Math.min(MOST_AHEAD, Math.max(0, runner.free - waiting()) + Math.max(0, ahead - waiting()));
      if (want === 0) return null;
      const claimed = await claimer.claim(want);
      if (claimed.length > 0) {
        const prepared = await prepare(claimed, environment.monotonic());
        ready = ready.slice(next).concat(prepared);
        next = 0;
        pump();
      }
      if (claimed.length < want) return null;
    }
    return null;
  };

  return {
    round: () => {
      round = claim().catch((error: unknown) => {
        mustReconcile = true;
        onLoss(error);
        throw error;
      });
      return round;
    },
    more,
    onHungry: (call) => {
      wake = call;
    },
    forget: () => {
      ready = [];
      next = 0;
    },
    stop: async () => {
      isStopped = true;
      await round?.catch(() => {});
      await handBackWaiting();
    },
  };
}
