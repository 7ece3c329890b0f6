/** What `key=value` sets: where, and what. */
export interface Assignment {
  /** The keys from the outside in: `a.b=1` sets `b` of `a`. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Reads `key=value`. What is JSON is taken as such, anything else is a text: `crf=20`, `name=dog`, `size="20"`. */
export function parseAssignment(text: string): Assignment | undefined {
  const equals = text.indexOf("=");
  const path = text.slice(0, Math.max(0, equals)).split(".");
  if (path.some((key) => key === "" || key === "__proto__")) return undefined;
  return { path, value: typed(text.slice(equals + 1)) };
}

function typed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** An object with what the assignments set, and without what they take away (a value of undefined). */
export function assign(fields: Fields, assignments: readonly Assignment[]): Fields {
  return assignments.reduce((object, { path, value }) => assigned(object, path, value), fields);
}

function assigned(fields: Fields, [key = "", ...deeper]: readonly string[], value: unknown): Fields {
  if (deeper.length > 0) return { ...fields, [key]: assigned(fieldsOf(fields[key]), deeper, value) };
  if (value !== undefined) return { ...fields, [key]: value };
  const { [key]: _, ...others } = fields;
  return others;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
