import { callsheetError, type JobState, type JsonObject, TOKEN_PREFIX } from "@callsheet/contract";
import type { AttemptKey, ElsewhereRow, Word } from "../../store/elsewhere.ts";
import type { Statements } from "../../store/store.ts";
import { storableJson, storableText } from "../configuration.ts";
import { type Ender, type EndResult, endWithin } from "../end.ts";
import { checkId, type Desk, insist } from "../operate.ts";

/** Which attempt is meant: by its completion token, or by the id of its job. */
export type ElsewhereRef = string;

/** What an end that was said led to. */
export interface SaidEnd extends EndResult {
  readonly id: string;
  /** Where the job stands now. */
  readonly state: JobState;
}

/** An attempt that is meant, as whoever speaks of it knows it; `fence`: only as long as it is looked at under that; null: whoever looks. */
type Meant = ElsewhereRef | (AttemptKey & { readonly fence: string | null });

/** What a word on work elsewhere reaches. */
type Hearing = Pick<Desk, "store" | "catalogue" | "announce">;

/**
 * Ends an attempt that lives elsewhere, as its handler would have: the first word counts. While its handler has not returned,
 * the word waits for that. Fails with `unknown_token`, `already_ended`, or `stale_attempt` where the job counts on it no more;
 * what it still held is free then.
 */
export async function sayEnd(
  desk: Hearing,
  meant: Meant,
  word: Word,
  teller: Omit<Ender, "catalogue">,
): Promise<SaidEnd> {
  const said = await insist(() =>
    desk.store.freeing(async (tx, free) => {
      const { row, job } = await lock(tx, meant);
      const { id, token } = row;
      if (row.since === null) {
        if (job === undefined) throw stale(id);
        await tx.keepWord(row, word);
        return { id, state: job.state, ...NOTHING };
      }
      const ender = { ...teller, catalogue: desk.catalogue };
      const ended = await endWithin(tx, free, [{ id, token, isMember: false, ...word }], ender);
      await tx.closeElsewhere([row]);
      return { id, state: ended.changed.findLast((one) => one.id === id)?.to ?? job?.state, ...ended };
    }),
  );
  tell(desk, said);
  if (said.refused.length > 0 || said.state === undefined) throw stale(said.id);
  return { ...said, state: said.state };
}

const NOTHING: EndResult = { changed: [], pools: [], refused: [], leftJournals: false };

function tell({ announce }: Hearing, { id, changed, pools, leftJournals }: Omit<SaidEnd, "state">): void {
  for (const { laneId, rank } of changed) announce({ kind: "lane", laneId, rank });
  for (const poolId of pools) announce({ kind: "pool", poolId });
  if (changed.some(({ to }) => to === "retrying" || to === "scheduled")) announce({ kind: "due" });
  if (leftJournals) announce({ kind: "rollback" });
  announce({ kind: "job", id });
}

/** What somebody elsewhere says of how far the work is. */
export interface SaidProgress {
  readonly percent: number;
  readonly message?: string;
  readonly stats?: JsonObject;
}

/**
 * Stores how far work elsewhere is; without progress: that it goes on. Either way it has not stalled, and its time-out is put off
 * where its type says `timeoutFrom: "progress"`. Answers where its job stands. Fails as `sayEnd` does.
 */
export async function sayProgress(desk: Desk, ref: ElsewhereRef, said?: SaidProgress): Promise<JobState> {
  const report = said === undefined ? undefined : reportOf(said);
  return insist(() =>
    desk.store.transaction(async (tx) => {
      const { row, job } = await lock(tx, ref);
      const { id, token } = row;
      if (job === undefined) throw stale(id);
      if (report) await tx.putProgress([{ id, token, ...report }]);
      await tx.hearElsewhere(row);
      if (row.isStalled) await tx.endStall(id, token);
      return job.state;
    }),
  );
}

function reportOf({ percent, message, stats }: SaidProgress) {
  if (!(typeof percent === "number" && percent >= 0 && percent <= 100))
    throw callsheetError("invalid_argument", "percent is a number from 0 to 100.", { field: "percent" });
  return {
    percent,
    message: message === undefined ? null : storableText(message, "message", 8_192),
    stats: stats === undefined ? null : storableJson(stats, "stats"),
  };
}

/** Locks the job of an attempt, if it counts on it still, then the attempt, whose end nobody has told yet. */
async function lock(tx: Statements, meant: Meant) {
  const key = typeof meant === "string" ? await find(tx, meant) : meant;
  const [job] = await tx.lockAttempts([key]);
  const row = await tx.lockElsewhere(key, typeof meant === "string" ? null : meant.fence);
  if (row === undefined) throw stale(key.id);
  const { id, attempt, isEnded } = row;
  if (isEnded)
    throw callsheetError("already_ended", `The end of attempt ${attempt} of job ${id} was told before.`, { id });
  return { row, job };
}

async function find(tx: Statements, ref: ElsewhereRef): Promise<ElsewhereRow> {
  if (typeof ref === "string" && ref.startsWith(TOKEN_PREFIX)) {
    const found = await tx.elsewhereByToken(ref);
    if (found) return found;
    throw callsheetError("unknown_token", "There is no attempt of this completion token.");
  }
  const id = checkId(ref);
  const found = await tx.elsewhereOfJob(id);
  if (found) return found;
  const [job] = await tx.readJobs([id]);
  if (!job) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  throw callsheetError("wrong_state", `Job ${id} has no work that goes on elsewhere.`, { id, state: job.state });
}

function stale(id: string) {
  return callsheetError("stale_attempt", `Job ${id} does not count on this attempt any more.`, { id });
}
