import { basename, normalize } from "node:path";

/** A link to make: `path` under the binaries' root, pointing at `target` in the same folder. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

/**
 * Every link that the libraries need: those the package declares, and those that follow from the libraries' names
 * (libx.so.60.2 is looked for as libx.so.60 and libx.so; libx.68.2.dylib as libx.68.dylib and libx.dylib).
 * Names that exist as files are left alone.
 */
export function linksFor(libraries: readonly string[], declared: unknown): readonly Link[] {
  const taken = new Set(libraries.map((name) => `lib/${name}`));
  const links: Link[] = [];
  const add = (path: string, target: string) => {
    if (taken.has(path)) return;
    taken.add(path);
    links.push({ path, target });
  };
  for (const { path, target } of declaredLinks(declared)) add(path, target);
  // The longest version first, so that libx.so points at the newest of several.
  for (const name of [...libraries].sort(byVersionDescending)) {
    for (const shorter of shorterNames(name)) add(`lib/${shorter}`, name);
  }
  return links;
}

/** The names under which a versioned library is looked for. */
export function shorterNames(name: string): readonly string[] {
  const elf = /^(.+\.so)\.(\d+(?:\.\d+)*)$/.exec(name);
  const mach = /^(.+?)\.(\d+(?:\.\d+)*)\.dylib$/.exec(name);
  const [, stem, version] = elf ?? mach ?? [];
  if (stem === undefined || version === undefined) return [];
  const parts = version.split(".");
  return parts.map((_, kept) => {
    const part = parts.slice(0, kept).join(".");
    if (elf) return part === "" ? stem : `${stem}.${part}`;
    return part === "" ? `${stem}.dylib` : `${stem}.${part}.dylib`;
  });
}

/** Reads pg-symlinks.json; entries that lead out of the package are dropped. */
function declaredLinks(declared: unknown): readonly Link[] {
  if (!Array.isArray(declared)) return [];
  return declared.flatMap((entry: { source?: unknown; target?: unknown }) => {
    if (typeof entry?.source !== "string" || typeof entry.target !== "string") return [];
    const path = inside(entry.target);
    const source = inside(entry.source);
    return path && source ? [{ path, target: basename(source) }] : [];
  });
}

function inside(path: string): string | undefined {
  const clean = normalize(path).replace(/^native\//, "");
  return clean.startsWith("..") || clean.startsWith("/") ? undefined : clean;
}

function byVersionDescending(a: string, b: string): number {
  return b.localeCompare(a, "en", { numeric: true });
}
