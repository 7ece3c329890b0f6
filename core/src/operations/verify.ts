import {
  type Checked,
  type CheckRecord,
  callsheetError,
  createChecker,
  type Finding,
  type Invariant,
  type Verification,
  type VerifyOptions,
} from "@callsheet/contract";
import type { Store } from "../store/store.ts";

const BATCH = 1_000;
const MOST = 100;

/** Looks at everything as it stands at one moment, and changes nothing. Fails with `invalid_argument`. */
export async function verify(store: Store, options: VerifyOptions = {}): Promise<Verification> {
  const { most = MOST, onProgress } = Object(options) as VerifyOptions;
  if (!Number.isSafeInteger(most) || most < 0)
    throw callsheetError("invalid_argument", "most must be a whole number from 0.", { field: "most" });
  const tally = createTally(most);
  const checker = createChecker();
  const at = await store.transaction(async (tx) => {
    await tx.freeze();
    const total = onProgress === undefined ? 0 : await tx.countJobs();
    for await (const records of tx.checkRecords(BATCH)) {
      for (const record of records) tally.add(record, checker.see(record));
      onProgress?.(tally.checked.jobs, total);
    }
    return tx.databaseNow();
  });
  const { checked, counts, findings } = tally;
  return { isSound: Object.keys(counts).length === 0, at, checked, counts, findings };
}

/** Counts what was seen, and keeps the first of what was found. */
function createTally(most: number) {
  const checked: { -readonly [Name in keyof Checked]: number } = {
    jobs: 0,
    lines: 0,
    nodes: 0,
    pools: 0,
    claims: 0,
    objects: 0,
  };
  const counts: Partial<Record<Invariant, number>> = {};
  const findings: Finding[] = [];
  return {
    checked: checked as Checked,
    counts,
    findings: findings as readonly Finding[],
    add(record: CheckRecord, found: readonly Finding[]): void {
      // These two are told of only where something is wrong.
      if (record.what !== "dangling" && record.what !== "circle") checked[`${record.what}s`] += 1;
      if (record.what === "job") checked.lines += record.lines.length;
      for (const one of found) {
        counts[one.invariant] = (counts[one.invariant] ?? 0) + 1;
        if (findings.length < most) findings.push(one);
      }
    },
  };
}
