import { callsheetError, type JobInput } from "@callsheet/contract";

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** What each field must be, as far as its own check does not say it. */
const FIELDS = {
  configuration: { holds: isObject, what: "an object" },
  target: { holds: isObject, what: "an object of type and id" },
  startAt: { holds: () => true, what: "" },
  priority: { holds: () => true, what: "" },
  owner: { holds: () => true, what: "" },
  tags: { holds: Array.isArray, what: "a list of texts" },
  needs: { holds: isObject, what: "an object of units by resource" },
  locks: { holds: Array.isArray, what: "a list of objects" },
  size: { holds: () => true, what: "" },
  variables: { holds: isObject, what: "an object" },
  idempotencyKey: { holds: () => true, what: "" },
  keepOpen: { holds: (value: unknown) => typeof value === "boolean", what: "true or false" },
} as const satisfies Record<keyof JobInput, { readonly holds: (value: unknown) => boolean; readonly what: string }>;

/** Refuses what a caller without types may pass: `invalid_argument`, naming the field. */
export function checkInput(input: unknown): asserts input is JobInput {
  if (!isObject(input))
    throw callsheetError("invalid_argument", "A job is described by an object.", { field: "input" });
  const given = input as Readonly<Record<string, unknown>>;
  for (const field in given) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof JobInput] : undefined;
    if (!rule)
      throw callsheetError(
        "invalid_argument",
        `A job has no field "${field.slice(0, 60)}": ${Object.keys(FIELDS).join(", ")}.`,
        { field },
      );
    if (given[field] !== undefined && !rule.holds(given[field]))
      throw callsheetError("invalid_argument", `${field} must be ${rule.what}.`, { field });
  }
}
