/** A directory that media are below. */
export interface MediaRoot {
  /** What assets know it by, wherever it is mounted; null: its files cannot be catalogued. */
  readonly name: string | null;
  readonly directory: string;
}

/** Reads `main=/mnt/media`. Without a name the last part of the directory's path gives it: /mnt/Media is `media`. */
export function readMediaRoot(text: string): MediaRoot {
  const named = /^([a-z0-9][a-z0-9._-]{0,99})=(.*)$/s.exec(text);
  if (named) return { name: named[1]!, directory: named[2]! };
  const last = text.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 100);
  return { name: name || null, directory: text };
}
