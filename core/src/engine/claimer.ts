import type { Hint } from "../operations/hint.ts";
import type { ClaimAnswer, Claimed, Watermark } from "../store/claim.ts";
import type { HotPath } from "../store/store.ts";
import type { Part } from "./part.ts";

export interface ClaimerOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly site: string;
  readonly types: readonly string[];
  readonly hot: () => Promise<HotPath>;
}

/** Takes jobs from the lanes that a node can run, and remembers how far it has read each. */
export interface Claimer {
  /** Up to `want` jobs, and whether another claim may find more. */
  claim(want: number): Promise<{ readonly jobs: readonly Claimed[]; readonly mayHoldMore: boolean }>;
  /** Minds a hint. Answers whether it may concern this node. */
  hear(hint: Hint | undefined): boolean;
}

/** How often new lanes are looked for without a hint. */
const LANES_MS = 1_000;
/** Reading a lane from its beginning finds what came in without a hint, and costs a walk over dead entries: at most this share of the time. */
const FULL_READ_SHARE = 0.05;
const FULL_READ_MS = 500;

export function createClaimer({ part, nodeId, site, types, hot }: ClaimerOptions): Claimer {
  const { store, environment } = part;
  const marks = new Map<number, Watermark>();
  let lanes: readonly number[] = [];
  let lanesAt = Number.NEGATIVE_INFINITY;
  let nextFullRead = 0;

  const readLanes = async () => {
    lanesAt = environment.monotonic();
    lanes = await store.lanesFor(site, types);
  };
  /** A claim waits for its lanes only when one is known to be new. */
  const refreshLanes = async () => {
    if (lanesAt === Number.NEGATIVE_INFINITY) return readLanes();
    if (environment.monotonic() - lanesAt < LANES_MS) return;
    readLanes().catch((error: unknown) => part.log.error("lanes", error));
  };

  const remember = ({ marks: read }: ClaimAnswer, isShort: boolean) => {
    for (const [lane, mark] of read) marks.set(lane, mark);
    // What a lane had not yet shown when it was read empty may sort before the mark: begin anew.
    if (isShort) marks.clear();
  };

  return {
    claim: async (want) => {
      await refreshLanes();
      if (lanes.length === 0) return { jobs: [], mayHoldMore: false };
      const started = environment.monotonic();
      const isFullRead = started >= nextFullRead;
      if (isFullRead) marks.clear();
      const answer = await (await hot()).claim({
        nodeId: nodeId(),
        want,
        lanes: lanes.map((id) => ({ id, after: marks.get(id) })),
      });
      if (isFullRead)
        nextFullRead =
          environment.monotonic() + Math.max(FULL_READ_MS, (environment.monotonic() - started) / FULL_READ_SHARE);
      remember(answer, answer.jobs.length < want);
      const { jobs } = answer;
      // Of several lanes each gives its share at most.
      return { jobs, mayHoldMore: jobs.length === want || (jobs.length > 0 && lanes.length > 1) };
    },
    hear: (hint) => {
      if (hint === undefined) {
        marks.clear();
        lanesAt = Number.NEGATIVE_INFINITY;
        return true;
      }
      if (hint.kind === "waiting") return true;
      if (hint.kind !== "lane") return false;
      if (!lanes.includes(hint.laneId)) {
        lanesAt = Number.NEGATIVE_INFINITY;
        return true;
      }
      const mark = marks.get(hint.laneId);
      // At the same rank new jobs come later than the mark.
      if (mark && hint.rank < mark.rank) marks.delete(hint.laneId);
      return true;
    },
  };
}
