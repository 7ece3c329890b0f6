/** A job as any object, by the names of its properties. */
export type Fields = Record<string, unknown>;

/** The instant in a UUID of version 7; NaN for another. */
export function timeOf(id: string): number {
  return id[14] === "7" ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number.NaN;
}
