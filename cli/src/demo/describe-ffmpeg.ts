import { findFfmpeg } from "@callsheet/actions";

const FROM = {
  configured: "as configured",
  path: "from PATH",
  bundled: "bundled, of 2018: for trusted files",
} as const;

/** Which ffmpeg this machine has, such as `5.1.9 from PATH`; a configured one that cannot be run is none. */
export async function describeFfmpeg(configured: string | undefined): Promise<string> {
  const ffmpeg = await findFfmpeg({ configured }).catch(() => undefined);
  if (ffmpeg === undefined) return "none";
  // What a distribution adds to a release says nothing here; a build between releases has no other name.
  const release = /^\d[\d.]*/.exec(ffmpeg.version)?.[0] ?? ffmpeg.version;
  return `${release} ${FROM[ffmpeg.source]}`;
}
