import { extname } from "node:path";

/** What a file should be by the ending of its name. `plain sound` is read without ffmpeg. */
export type NamedKind = "film" | "picture" | "plain sound" | "sound";

const ENDINGS: Readonly<Record<NamedKind, string>> = {
  film: "3gp asf avi dpx dv exr flv m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv",
  picture: "gif jpeg jpg png tif tiff webp",
  "plain sound": "wav wave",
  sound: "aac ac3 aif aiff flac m4a mka mp2 mp3 oga ogg opus wma",
};

const KINDS: ReadonlyMap<string, NamedKind> = new Map(
  Object.entries(ENDINGS).flatMap(([kind, endings]) => endings.split(" ").map((one) => [`.${one}`, kind as NamedKind])),
);

/** Files whose kind only ffprobe can read. */
const FOR_FFPROBE: ReadonlySet<string> = new Set(
  "aif aiff asf avi dpx dv exr flv gif m2v mpeg mpg mxf ogv tif tiff vob webp wma wmv"
    .split(" ")
    .map((one) => `.${one}`),
);

/**
 * Chooses the node, before anybody can look at the file: what it is, its first bytes tell the handler. Undefined for an
 * ending that tells nothing, and for a job that names its file by its target only.
 */
export function kindByName(path: string | undefined): NamedKind | undefined {
  return path === undefined ? undefined : KINDS.get(extname(path).toLowerCase());
}

/** Whether a probe of a file with this name is one for ffprobe. */
export function isForFfprobe(path: string | undefined): boolean {
  return path !== undefined && FOR_FFPROBE.has(extname(path).toLowerCase());
}
