import { callsheetError, JOB_STATES, type JobFilter, UNFINISHED_ROLLBACKS } from "@callsheet/contract";
import { UUID } from "./operate.ts";

const MOST = 1_000;
const isText = (value: unknown) => typeof value === "string" && !value.includes("\0") && value.isWellFormed();
const isId = (value: unknown) => typeof value === "string" && UUID.test(value);
const isState = (value: unknown) => JOB_STATES.some((state) => state === value);
const isTarget = (value: unknown) => {
  const { type, id } = Object(value) as { type?: unknown; id?: unknown };
  return isText(type) && isText(id);
};

const FIELDS = {
  states: {
    holds: (value) => Array.isArray(value) && value.every(isState),
    what: `a list of ${JOB_STATES.join(", ")}`,
  },
  rollback: {
    holds: (value) => UNFINISHED_ROLLBACKS.some((state) => state === value),
    what: `one of ${UNFINISHED_ROLLBACKS.join(", ")}`,
  },
  action: { holds: isText, what: "a name" },
  owner: { holds: isText, what: "a name" },
  target: { holds: isTarget, what: "an object of type and id" },
  tag: { holds: isText, what: "a text" },
  parentId: { holds: isId, what: "the id of a job" },
  limit: {
    holds: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST,
    what: "a whole number from 1 to 1,000",
  },
  after: { holds: isId, what: "the id of a job" },
} as const satisfies Record<keyof JobFilter, { readonly holds: (value: unknown) => boolean; readonly what: string }>;

/** Refuses a filter that no job could be compared with: `invalid_argument`, naming the field. */
export function checkFilter(filter: JobFilter): JobFilter {
  if (typeof filter !== "object" || filter === null)
    throw callsheetError("invalid_argument", "A filter is an object.", { field: "filter" });
  for (const [field, value] of Object.entries(filter)) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof JobFilter] : undefined;
    if (!rule)
      throw callsheetError(
        "invalid_argument",
        `Jobs are not filtered by "${field.slice(0, 60)}", only by ${Object.keys(FIELDS).join(", ")}.`,
        { field },
      );
    if (value !== undefined && !rule.holds(value))
      throw callsheetError("invalid_argument", `${field} must be ${rule.what}.`, { field });
  }
  return filter;
}
