import { callsheetError, type JobAsset } from "@callsheet/contract";
import { getAsset, readFacts, unknownAssets } from "../operations/media/assets.ts";
import { fileOf } from "../operations/media/roots.ts";
import type { Attempt } from "./attempt.ts";
import type { Part } from "./part.ts";
import { redactJson } from "./secrets/redact-end.ts";

/** The asset that an attempt works on, with the place of its file on this node. `anchor`: gives the attempt a row of its own. */
export async function readTargetAsset(
  { store, roots }: Part,
  attempt: Attempt,
  anchor: () => Promise<void>,
): Promise<JobAsset> {
  const { target, job, claimed, redactor } = attempt;
  if (target?.type !== "asset")
    throw callsheetError("invalid_argument", `The target of job ${job.id} is no asset.`, { field: "target" });
  const asset = await getAsset({ store }, target.id);
  return {
    ...asset,
    file: fileOf(roots, asset),
    setFacts: async (facts) => {
      const text = readFacts(facts);
      await anchor();
      const kept = redactor ? redactJson(redactor, text) : text;
      if (await store.putFactsOfAttempt({ jobId: job.id, token: claimed.token }, asset.id, kept)) return;
      if (await store.isStanding(job.id, claimed.token)) throw unknownAssets([asset.id]);
      throw attempt.stale();
    },
  };
}
