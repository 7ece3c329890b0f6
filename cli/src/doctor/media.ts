import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { type Ffmpeg, findFfmpeg, findSharp, PRESETS } from "@callsheet/actions";
import { ROOT_VARIABLES, rootsIn } from "../node/media-roots.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Findings about what media jobs need of this machine. */
export async function examineMedia(variables: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const configured = variables.CALLSHEET_FFMPEG || undefined;
  const ffmpeg = await findFfmpeg({ configured }).then(judgeFfmpeg, (error) => [problemOf("ffmpeg", error)]);
  const roots = [...(await examineRoots(variables, "media")), ...(await examineRoots(variables, "output"))];
  return [...ffmpeg, await examineSharp(), ...roots];
}

const SOURCES = {
  configured: "named by CALLSHEET_FFMPEG",
  path: "from PATH",
  bundled: "of the npm package, built in 2018: for files that you trust",
} as const satisfies Record<Ffmpeg["source"], string>;

const INSTALL = "Install ffmpeg, as by apt-get install ffmpeg, or set CALLSHEET_FFMPEG to its path.";

export function judgeFfmpeg(ffmpeg: Ffmpeg | undefined): readonly Finding[] {
  if (ffmpeg === undefined) return [warning("ffmpeg", "none, so jobs that transcode wait for another node", INSTALL)];
  const found = `${ffmpeg.version}, ${SOURCES[ffmpeg.source]}, ${ffmpeg.path}`;
  const first = ffmpeg.source === "bundled" ? warning("ffmpeg", found, INSTALL) : ok("ffmpeg", found);
  const ffprobe =
    ffmpeg.ffprobe === undefined ? warning("ffprobe", "none beside ffmpeg", INSTALL) : ok("ffprobe", ffmpeg.ffprobe);
  return [first, ffprobe, judgeEncoders(ffmpeg)];
}

function judgeEncoders({ encoders }: Ffmpeg): Finding {
  const presets = Object.entries(PRESETS).map(([name, { video, audio }]) => {
    const needed = [...(video === null ? [] : [video.encoder]), audio.encoder];
    return { name, missing: needed.filter((encoder) => !encoders.has(encoder)) };
  });
  const lacking = presets.filter(({ missing }) => missing.length > 0);
  if (lacking.length === 0) return ok("Presets", `all ${presets.length} can be made here`);
  const names = lacking.map(({ name, missing }) => `${name} (${missing.join(", ")})`).join(", ");
  return warning("Presets", `jobs of these wait for another node: ${names}`, "Install an ffmpeg with these encoders.");
}

async function examineSharp(): Promise<Finding> {
  const sharp = await findSharp();
  if (sharp !== undefined) return ok("sharp", `${sharp.versions.sharp}, libvips ${sharp.versions.vips}`);
  return warning("sharp", "does not load, so jobs that make pictures wait for another node", "npm install sharp");
}

async function examineRoots(
  variables: NodeJS.ProcessEnv,
  which: keyof typeof ROOT_VARIABLES,
): Promise<readonly Finding[]> {
  const about = which === "media" ? "Media root" : "Output root";
  const roots = rootsIn(variables, which);
  if (roots.length > 0) return Promise.all(roots.map((root) => examineRoot(root, about, which === "output")));
  const found = which === "media" ? "none: jobs may read no file" : "none: jobs may write no file";
  return [ok(about, `${found} until ${ROOT_VARIABLES[which]} or --${which} names a directory`)];
}

async function examineRoot(root: string, about: string, isWritten: boolean): Promise<Finding> {
  const name = isWritten ? ROOT_VARIABLES.output : ROOT_VARIABLES.media;
  const isDirectory = await stat(root).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (!isDirectory) return problem(about, `${root} is no directory`, `Make or mount it, or correct ${name}.`);
  const mode = constants.R_OK | constants.X_OK | (isWritten ? constants.W_OK : 0);
  return access(root, mode).then(
    () => ok(about, root),
    () =>
      problem(about, `${root} may not be ${isWritten ? "written" : "read"} by this user`, "Correct its permissions."),
  );
}
