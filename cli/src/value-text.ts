import { printable } from "./printable.ts";

/** A JSON value as lines for people: keys with their values, what is inside indented. */
export function valueLines(value: unknown, indent = ""): readonly string[] {
  if (Array.isArray(value) && value.some(isNested)) {
    return value.flatMap((item) => hung(valueLines(item, `${indent}  `), `${indent}- `));
  }
  if (!isFilledObject(value)) return [`${indent}${scalarText(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = `${indent}${printable(key)}:`;
    return isNested(inner) ? [name, ...valueLines(inner, `${indent}  `)] : [`${name} ${scalarText(inner)}`];
  });
}

/** A value on one line: a text as it is, anything else as JSON. */
export function scalarText(value: unknown): string {
  return printable(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
}

function hung(lines: readonly string[], mark: string): readonly string[] {
  const [first = "", ...others] = lines;
  return [mark + first.slice(mark.length), ...others];
}

function isNested(value: unknown): boolean {
  return isFilledObject(value) || (Array.isArray(value) && value.some(isNested));
}

function isFilledObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
