import {
  type ActionType,
  callsheetError,
  codeVersionSchema,
  GROUP_FLAGS,
  nameSchema,
  ON_NODE_LOST,
} from "@callsheet/contract";

/** Refuses what is no action type, as a caller without types may pass it: `invalid_argument`. */
export function checkType(type: unknown): ActionType {
  const {
    type: name,
    version,
    readsFrom = 1,
    configuration,
    run,
    requires,
    onNodeLost = "retry",
    flags = [],
  } = Object(type) as Partial<Record<keyof ActionType, unknown>>;
  const isSchema = typeof Object(configuration).safeParse === "function";
  const isAnswer = (ON_NODE_LOST as readonly unknown[]).includes(onNodeLost);
  const isFlagged = Array.isArray(flags) && flags.every((flag) => (GROUP_FLAGS as readonly unknown[]).includes(flag));
  const isCode = typeof run === "function" && (requires === undefined || typeof requires === "function");
  const isVersion = codeVersionSchema.safeParse(version).success && codeVersionSchema.safeParse(readsFrom).success;
  const isOrdered = isVersion && (readsFrom as number) <= (version as number);
  if (nameSchema.safeParse(name).success && isOrdered && isAnswer && isFlagged && isSchema && isCode)
    return type as ActionType;
  throw callsheetError(
    "invalid_argument",
    "An action type has a name, a whole number above 0 as its version, perhaps readsFrom, which is not above it, a zod schema of its configuration, a function run, and perhaps a function requires, onNodeLost, which is retry or fail, and flags, which are group and groupMember.",
    { field: "type" },
  );
}
