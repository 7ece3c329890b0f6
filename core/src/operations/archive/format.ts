import { callsheetError, isCallsheetError } from "@callsheet/contract";
import { z } from "zod";

/*
 * An archive is gzip over lines of JSON. A line that begins with "[" says what follows, one with "{" is a row:
 *
 *   ["callsheet", {"format": 1, …}]      head: the migrations of the schema, and how many rows each table has
 *   ["table", "action"]                  the rows up to the next mark are of this table
 *   {"id": 1, "name": "make-proxy", …}
 *   ["sequences", {"token_number": "52"}]
 *   ["end", {"sha256": "…"}]             of every byte before this line
 */

/** The format that this version writes, and the newest that it reads. */
export const FORMAT = 1;

const headSchema = z.object({
  format: z.int().min(1),
  at: z.string(),
  server: z.string(),
  migrations: z.array(z.object({ number: z.int(), name: z.string(), checksum: z.string() })).min(1),
  tables: z.record(z.string(), z.int().min(0)),
});
/** What an archive says of itself before its rows. */
export type Head = z.output<typeof headSchema>;

const markSchema = z.union([
  z.tuple([z.literal("callsheet"), headSchema]),
  z.tuple([z.literal("table"), z.string()]),
  z.tuple([z.literal("sequences"), z.record(z.string(), z.string().regex(/^\d+$/))]),
  z.tuple([z.literal("end"), z.object({ sha256: z.string() })]),
]);
/** A line that says what follows. */
export type Mark = z.output<typeof markSchema>;

export const markLine = (mark: Mark): string => JSON.stringify(mark);
export const isMark = (line: string): boolean => line.startsWith("[");

/** Reads a line that says what follows. Fails with `export_unreadable`. */
export function readMark(line: string): Mark {
  try {
    return markSchema.parse(JSON.parse(line));
  } catch {
    throw unreadable(`A line of it says nothing that is known: ${line.slice(0, 60)}`);
  }
}

/** That a file is no export, or not a whole one. */
export function unreadable(why: string, cause?: unknown): Error {
  return callsheetError("export_unreadable", `This is no whole export of Callsheet: ${why}.`, {}, cause);
}

/** Names what was thrown while an archive was read: decompression, rows that the server cannot take, the file itself. */
export function readingFailure(error: unknown): unknown {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: string };
  if (typeof code === "string" && code.startsWith("Z_")) return unreadable(String(message), error);
  if (isCallsheetError(error) && error.code === "database_failed" && /^2[23]/.test(String(error.details.sqlstate)))
    return unreadable(error.message.replace(/\.$/, ""), error);
  return fileFailure(error);
}

/** Names what a file, or another stream, failed by. */
export function fileFailure(error: unknown): unknown {
  if (isCallsheetError(error) || !(error instanceof Error)) return error;
  return callsheetError("file_failed", `The file failed: ${error.message}.`, {}, error);
}
