/** A value that JSON can carry unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** An object of JSON. */
export type JsonObject = { readonly [key: string]: Json };

/** What makes a text impossible to store in PostgreSQL, or `undefined` when nothing does. Expects well-formed `JSON.stringify` output. */
export function unstorableJson(text: string): "nul_character" | "lone_surrogate" | undefined {
  if (!text.includes("\\u")) return undefined;
  // Escapes count only when an odd number of backslashes stands before the `u`.
  for (const match of text.matchAll(/(\\+)u([0-9a-f]{4})/gi)) {
    if (match[1]!.length % 2 === 0) continue;
    const code = Number.parseInt(match[2]!, 16);
    if (code === 0) return "nul_character";
    // JSON.stringify escapes a surrogate only when it stands alone.
    if (code >= 0xd800 && code <= 0xdfff) return "lone_surrogate";
  }
  return undefined;
}
