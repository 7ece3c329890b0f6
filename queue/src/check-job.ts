import { invalid } from "./invalid.ts";
import { Job, type NewEntry } from "./job.ts";
import { isDate, OPTION_RULES } from "./job-options.ts";
import type { JobStatus } from "./status.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const STATUSES = {
  ...{ created: true, added: true, waiting: true, active: true },
  ...{ completed: true, cancelled: true, failed: true, terminated: true },
} as const satisfies Record<JobStatus, true>;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isDateOrNull = (value: unknown) => value === null || isDate(value);
const isText = (value: unknown) => typeof value === "string" && value.length > 0;

/** What each property of a job must be before it is stored. */
const RULES = {
  id: { holds: (value) => typeof value === "string" && UUID.test(value), what: "a UUID" },
  status: {
    holds: (value) => Object.hasOwn(STATUSES, value as string),
    what: `one of ${Object.keys(STATUSES).join(", ")}`,
  },
  queueId: { holds: isText, what: "the id of a queue" },
  retryCount: { holds: isCount, what: "a whole number of 0 or more" },
  processCount: { holds: isCount, what: "a whole number of 0 or more" },
  progress: {
    holds: (value) => typeof value === "number" && value >= 0 && value <= 100,
    what: "a number from 0 to 100",
  },
  log: { holds: Array.isArray, what: "a list" },
  dateCreated: { holds: isDate, what: "a date" },
  dateStarted: { holds: isDateOrNull, what: "a date, or null" },
  dateFinished: { holds: isDateOrNull, what: "a date, or null" },
  ...OPTION_RULES,
} as const satisfies Partial<Record<keyof Job, { readonly holds: (value: unknown) => boolean; readonly what: string }>>;

const FIELDS = Object.entries(RULES) as [keyof typeof RULES, { holds: (value: unknown) => boolean; what: string }][];

/** Fails with `invalid_argument`, naming the property, unless this is a job that can be stored. */
export function checkJob(value: unknown): asserts value is Job {
  if (!(value instanceof Job)) throw invalid("object", "one that createJob made");
  for (const [field, { holds, what }] of FIELDS) if (!holds(value[field])) throw invalid(field, what);
}

const ENTRY_TYPES: readonly unknown[] = ["information", "warning", "error"] satisfies NewEntry["type"][];

/** Fails with `invalid_argument`, naming what is wrong, unless this is an entry that a job's log can take. */
export function checkEntry({ message, type, status }: NewEntry): void {
  if (typeof message !== "string") throw invalid("log message", "a text");
  if (!ENTRY_TYPES.includes(type)) throw invalid("log type", `one of ${ENTRY_TYPES.join(", ")}`);
  if (!RULES.status.holds(status)) throw invalid("log status", RULES.status.what);
}

/** The ids that are meant by an id, a job, or a list of them; nothing means none. Fails when one is no id. */
export function idsOf(jobOrId: unknown): readonly string[] {
  if (jobOrId === undefined) return [];
  const all: readonly unknown[] = Array.isArray(jobOrId) ? jobOrId : [jobOrId];
  return all.map((one) => {
    const id = one instanceof Job ? one.id : one;
    if (typeof id === "string" && UUID.test(id)) return id.toLowerCase();
    throw invalid("id", "a UUID");
  });
}
