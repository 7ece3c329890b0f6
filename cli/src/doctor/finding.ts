/** What was found about one thing, and what to do about it. */
export interface Finding {
  readonly about: string;
  /** A warning may hurt later, or hurts somebody's jobs; a problem keeps Callsheet from working, or data from being safe. */
  readonly level: "ok" | "warning" | "problem";
  readonly found: string;
  /** What to do, a command where there is one; null when nothing needs doing. */
  readonly next: string | null;
}

export const ok = (about: string, found: string): Finding => ({ about, level: "ok", found, next: null });
export const warning = (about: string, found: string, next: string): Finding => ({
  ...{ about, level: "warning", found, next },
});
export const problem = (about: string, found: string, next: string): Finding => ({
  ...{ about, level: "problem", found, next },
});

/** What an error says, as a problem with the way out that it names. */
export function problemOf(about: string, error: unknown): Finding {
  const { message, hint, next, code } = Object(error) as Readonly<Record<string, unknown>>;
  const told = typeof message === "string" && message !== "" ? message : String(error);
  const way =
    [hint, next].find((text) => typeof text === "string") ?? "Correct the cause and run callsheet doctor again.";
  return problem(about, typeof code === "string" ? `${told} (${code})` : told, String(way));
}
