import { callsheetError, type StoredContext, storedContext } from "@callsheet/contract";
import { checkId, type Desk } from "./operate.ts";

/** Reads all that is stored with a job for its attempts; fails with `job_not_found`. */
export async function readContext({ store }: Desk, ref: string): Promise<StoredContext> {
  const id = checkId(ref);
  const [job] = await store.readJobs([id]);
  if (!job) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  const [needs, history, former] = await Promise.all([
    store.needsOf(id),
    store.readHistory([id]),
    store.readAmendments(id),
  ]);
  return storedContext(job, needs, history, former);
}
