import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { execa } from "execa";
import { failure, quoted } from "../failure.ts";
import { cleanEnvironment } from "./confine.ts";

/** An ffmpeg of this machine and what it was built with. */
export interface Ffmpeg {
  /** Absolute. */
  readonly path: string;
  /** The ffprobe beside it; the bundled build has none. */
  readonly ffprobe?: string;
  readonly version: string;
  readonly source: "configured" | "path" | "bundled";
  readonly encoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
}

/**
 * The ffmpeg to use: the configured one, else the first on PATH, else that of the npm package `@ffmpeg-installer/ffmpeg` (a
 * build of 2018, for trusted files), else undefined, as where `none` is configured. Fails with `ffmpeg_missing` when a
 * configured one cannot be run. What it was built with is read once per path.
 */
export async function findFfmpeg(
  options: { readonly configured?: string | undefined } = {},
): Promise<Ffmpeg | undefined> {
  if (options.configured === "none") return undefined;
  if (options.configured !== undefined) return configuredFfmpeg(options.configured);
  const onPath = await firstOnPath();
  const found = onPath === undefined ? undefined : await read(onPath, "path");
  if (found !== undefined) return found;
  const bundled = await bundledPath();
  return bundled === undefined ? undefined : read(bundled, "bundled");
}

async function configuredFfmpeg(path: string): Promise<Ffmpeg> {
  const found = isAbsolute(path) && (await isExecutable(path)) ? await read(path, "configured") : undefined;
  if (found !== undefined) return found;
  throw failure(
    "ffmpeg_missing",
    `The configured ffmpeg ${quoted(path)} is no program that can be run: give an absolute path.`,
  );
}

async function firstOnPath(): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)) {
    const path = join(directory, "ffmpeg");
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** The package is optional, and throws while it is loaded where it has no build for this machine. */
async function bundledPath(): Promise<string | undefined> {
  try {
    const { default: installer } = await import("@ffmpeg-installer/ffmpeg");
    return (await isExecutable(installer.path)) ? installer.path : undefined;
  } catch {
    return undefined;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

const known = new Map<string, Promise<Ffmpeg | undefined>>();

function read(path: string, source: Ffmpeg["source"]): Promise<Ffmpeg | undefined> {
  const key = `${source} ${path}`;
  const found = known.get(key) ?? readAfresh(path, source);
  known.set(key, found);
  return found;
}

/** Undefined for a program that does not answer as ffmpeg does. */
async function readAfresh(path: string, source: Ffmpeg["source"]): Promise<Ffmpeg | undefined> {
  const version = /^ffmpeg version (\S+)/.exec(await answer(path, "-version"))?.[1];
  if (version === undefined) return undefined;
  const [encoders, filters] = await Promise.all(
    ["-encoders", "-filters"].map(async (list) => namesOf(await answer(path, list))),
  );
  const beside = join(dirname(await realpath(path)), "ffprobe");
  const ffprobe = (await isExecutable(beside)) ? { ffprobe: beside } : {};
  return { path, ...ffprobe, version, source, encoders: encoders!, filters: filters! };
}

/** A program that has not answered by then does not answer as ffmpeg does. */
const ANSWER_MS = 10_000;

async function answer(path: string, question: string): Promise<string> {
  const limits = { timeout: ANSWER_MS, killSignal: "SIGKILL" } as const;
  const options = { env: cleanEnvironment(), extendEnv: false, stdin: "ignore", reject: false, ...limits } as const;
  const { stdout } = await execa(path, ["-hide_banner", question], options);
  return stdout ?? "";
}

/** The second words of a list whose lines begin with flags, such as ` V....D libx264   H.264` and ` T.C scale   V->V   …`. */
export function namesOf(list: string): ReadonlySet<string> {
  return new Set([...list.matchAll(/^ [A-Z.|]{2,6} +([\w-]+) /gm)].map(([, name]) => name!));
}
