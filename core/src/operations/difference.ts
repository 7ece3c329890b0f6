/** One change between two configurations; `path` is a JSON Pointer. */
export interface Difference {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const pointer = (key: string) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** What changed from one JSON value to another, by path. Arrays count as one value. */
export function difference(from: unknown, to: unknown, path = ""): readonly Difference[] {
  if (isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
    return keys.flatMap((key) => difference(from[key], to[key], path + pointer(key)));
  }
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  return [{ path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
}
