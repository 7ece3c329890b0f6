import { checkComposite } from "./composite.ts";
import { checkClaim, checkHoldings, checkObject, checkPool } from "./holding.ts";
import type { Violation } from "./invariant.ts";
import { checkHistory } from "./lines.ts";
import { checkMember } from "./member.ts";
import { checkPlace } from "./place.ts";
import type { CheckRecord, DanglingRecord, NodeRecord } from "./record.ts";
import { checkStarts } from "./starts.ts";
import { checkTimedAction } from "./timed-action.ts";

/** A violation, and whose it is. */
export interface Finding extends Violation {
  /** Such as "job 0198…", "pool gpu of cluster". */
  readonly of: string;
  /** Null: it is not a job's. */
  readonly jobId: string | null;
}

/** Looks at a system record by record. It remembers the nodes, and nothing else: a history may be of any length. */
export interface Checker {
  /** Takes the next record; nodes come before all others. Answers what is wrong with it. */
  see(record: CheckRecord): readonly Finding[];
}

/** Makes a checker for one system as it stands at one moment. */
export function createChecker(): Checker {
  const nodes = new Map<number, NodeRecord>();
  return {
    see: (record) => {
      if (record.what === "node") nodes.set(record.id, record);
      const violations = judge(record, nodes);
      return violations.map((found) => ({
        ...found,
        of: nameOf(record),
        jobId: record.what === "job" ? record.id : null,
      }));
    },
  };
}

/** Checks a whole system whose records are at hand. */
export function check(records: Iterable<CheckRecord>): readonly Finding[] {
  const checker = createChecker();
  return [...records].flatMap((record) => checker.see(record));
}

function judge(record: CheckRecord, nodes: ReadonlyMap<number, NodeRecord>): readonly Violation[] {
  switch (record.what) {
    case "node":
      return [];
    case "pool":
      return checkPool(record);
    case "claim":
      return checkClaim(record);
    case "object":
      return checkObject(record);
    case "timedAction":
      return checkTimedAction(record);
    case "dangling":
      return [dangling(record)];
    case "circle":
      return [{ invariant: "S07", lines: [], message: "It contains itself, directly or by way of others." }];
    case "job":
      if (record.composite !== null) return checkComposite(record, record.composite);
      return [
        ...checkHistory(record.lines, record.kind),
        ...checkPlace(record),
        ...checkMember(record),
        ...checkStarts(record, nodes),
        ...checkHoldings(record),
      ];
  }
}

function dangling({ column, value, target, rows }: DanglingRecord): Violation {
  const message = `${rows === 1 ? "A row names" : `${rows} rows name`} ${value} as its ${column}; there is none in ${target}.`;
  return { invariant: "S02", lines: [], message };
}

function nameOf(record: CheckRecord): string {
  switch (record.what) {
    case "node":
      return `node ${record.name}`;
    case "pool":
      return `pool ${record.name} of ${record.scope}`;
    case "claim":
      return `claim ${record.token}`;
    case "object":
      return `object ${record.key}`;
    case "timedAction":
      return `timed action ${record.name}`;
    case "dangling":
      return `table ${record.table}`;
    case "circle":
      return `collection ${record.name}`;
    case "job":
      return `job ${record.id}`;
  }
}
