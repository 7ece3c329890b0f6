import { callsheetError, type Json, unstorableJson } from "@callsheet/contract";
import type { z } from "zod";

/** The most that a configuration, a result or the variables of a job may take as JSON text. */
const PAYLOAD_LIMIT = 1_048_576;

/** A value as JSON text that PostgreSQL can store, or a clear error that names the field. */
export function storableJson(value: unknown, field: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw callsheetError("invalid_argument", `${field} is not plain JSON: ${reasonOf(error)}.`, { field }, error);
  }
  if (text === undefined) throw callsheetError("invalid_argument", `${field} is not plain JSON.`, { field });
  if (text.length > PAYLOAD_LIMIT / 4 && Buffer.byteLength(text) > PAYLOAD_LIMIT) {
    throw callsheetError("payload_too_large", `${field} takes more than 1 MiB as JSON.`, {
      field,
      limit: PAYLOAD_LIMIT,
    });
  }
  const trouble = unstorableJson(text);
  if (trouble) {
    const what = trouble === "nul_character" ? "a NUL character" : "half of a surrogate pair";
    throw callsheetError("invalid_argument", `${field} holds ${what}, which PostgreSQL cannot store.`, {
      field,
      trouble,
    });
  }
  return text;
}

/** The first line of what was thrown, whatever that was, without its full stop. */
function reasonOf(thrown: unknown): string {
  const { message } = Object(thrown) as { message?: unknown };
  const text = typeof message === "string" && message ? message : "it cannot be read";
  return text.split("\n")[0]!.slice(0, 300).replace(/\.$/, "");
}

/** A text of a caller's that PostgreSQL can store, trimmed of nothing. */
export function storableText(value: unknown, field: string, longest: number): string {
  if (typeof value !== "string" || value.length === 0 || value.length > longest) {
    throw callsheetError("invalid_argument", `${field} must be a text of 1 to ${longest} characters.`, { field });
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw callsheetError("invalid_argument", `${field} holds a character that PostgreSQL cannot store.`, { field });
  }
  return value;
}

/**
 * The configuration that a job keeps, as JSON text: the action's defaults under the job's own values, checked by the
 * schema, with the schema's own defaults filled in, so that nothing outside the job is needed to run it later.
 */
export function settleConfiguration(schema: z.ZodType | undefined, defaults: object, own: object | undefined): string {
  const merged = own === undefined ? defaults : { ...defaults, ...own };
  if (schema && isFlat(merged) && isSame(merged, checkConfiguration(schema, merged)))
    return storableJson(merged, "configuration");
  const text = storableJson(merged, "configuration");
  if (!schema) return text;
  const filled = storableJson(checkConfiguration(schema, JSON.parse(text)), "configuration");
  if (filled === text) return text;
  // A schema that transforms does not accept its own output: then the input is what is kept.
  return schema.safeParse(JSON.parse(filled)).success ? filled : text;
}

/** Whether JSON carries it unchanged, seen at a glance: texts, finite numbers, booleans and nulls alone. Most configurations are so. */
function isFlat(value: object): boolean {
  for (const field of Object.values(value)) {
    const type = typeof field;
    if (type !== "string" && type !== "boolean" && !Number.isFinite(field) && field !== null) return false;
  }
  return true;
}

/** Whether a schema left a flat object as it was. */
function isSame(flat: object, read: unknown): boolean {
  if (typeof read !== "object" || read === null) return false;
  const [given, kept] = [Object.entries(flat), read as Readonly<Record<string, unknown>>];
  return given.length === Object.keys(kept).length && given.every(([name, value]) => kept[name] === value);
}

/** The value as the schema reads it; fails with `invalid_configuration`, naming each field. */
export function checkConfiguration(schema: z.ZodType, value: Json | unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({ field: issue.path.join("."), problem: issue.message }));
  const list = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join("; ");
  throw callsheetError("invalid_configuration", `The configuration does not fit: ${list}.`, { problems });
}
