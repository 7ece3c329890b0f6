import { delimiter, isAbsolute, join, relative, sep } from "node:path";
import { type Asset, callsheetError, nameSchema, readMediaRoot } from "@callsheet/contract";

/** Where the media roots of the catalogue are on this machine, by name. */
export type MediaRoots = ReadonlyMap<string, string>;

/** The variable that tells them, as in `main=/mnt/media:/mnt/archive`; the action types of media read it as well. */
const VARIABLE = "CALLSHEET_MEDIA_ROOTS";

/** The roots that were given, else those of the environment. Fails with `invalid_argument`. */
export function readMediaRoots(
  given: Readonly<Record<string, string>> | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): MediaRoots {
  if (given === undefined) return rootsIn(variables[VARIABLE] ?? "");
  const roots = Object.entries(Object(given) as Readonly<Record<string, unknown>>);
  for (const [name, directory] of roots)
    if (!nameSchema.safeParse(name).success || typeof directory !== "string" || !isAbsolute(directory))
      throw callsheetError(
        "invalid_argument",
        'mediaRoots holds absolute directories by name, such as { main: "/mnt/media" }.',
        { field: "mediaRoots", root: name },
      );
  return new Map(roots as readonly (readonly [string, string])[]);
}

/** The first of a name counts; what is not absolute, or has no name, is passed over. */
function rootsIn(text: string): MediaRoots {
  const roots = new Map<string, string>();
  for (const { name, directory } of text.split(delimiter).map(readMediaRoot))
    if (name !== null && isAbsolute(directory) && !roots.has(name)) roots.set(name, directory);
  return roots;
}

/** The absolute path of an asset's file on this machine. Fails with `media_root_missing`. */
export function fileOf(roots: MediaRoots, { id, root, path }: Pick<Asset, "id" | "root" | "path">): string {
  const directory = roots.get(root);
  if (directory !== undefined) return join(directory, ...path.split("/"));
  throw callsheetError("media_root_missing", `The media root "${root}" of asset ${id} is not on this machine.`, {
    id,
    root,
  });
}

/** A place below a media root. */
export interface PlaceBelow {
  readonly root: string;
  /** Its parts with "/" between them; empty: the root itself. */
  readonly path: string;
}

/** Where a directory without links lies below the roots, whose links are followed; of several, below the nearest. */
export async function placeBelow(
  roots: MediaRoots,
  directory: string,
  realPath: (path: string) => Promise<string>,
): Promise<PlaceBelow | undefined> {
  const places: PlaceBelow[] = [];
  for (const [root, at] of roots) {
    const real = await realPath(at).catch(() => undefined);
    if (real === undefined) continue;
    const path = relative(real, directory);
    if (path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path))
      places.push({ root, path: path.split(sep).join("/") });
  }
  return places.sort((a, b) => a.path.length - b.path.length)[0];
}
