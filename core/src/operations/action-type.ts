import { type ActionType, callsheetError, nameSchema } from "@callsheet/contract";

/** Refuses what is no action type, as a caller without types may pass it: `invalid_argument`. */
export function checkType(type: unknown): ActionType {
  const {
    type: name,
    version,
    configuration,
    run,
    requires,
  } = Object(type) as Partial<Record<keyof ActionType, unknown>>;
  const isSchema = typeof Object(configuration).safeParse === "function";
  const isCode = typeof run === "function" && (requires === undefined || typeof requires === "function");
  if (nameSchema.safeParse(name).success && Number.isInteger(version) && isSchema && isCode) return type as ActionType;
  throw callsheetError(
    "invalid_argument",
    "An action type has a name, a whole number as its version, a zod schema of its configuration, a function run, and perhaps a function requires.",
    { field: "type" },
  );
}
