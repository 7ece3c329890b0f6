import { extname, join } from "node:path";
import type { ProbeResult } from "@callsheet/actions";
import type { Catalogued } from "./catalogue-files.ts";
import type { DemoActions } from "./demo-actions.ts";
import type { JobDesk } from "./job-desk.ts";
import type { MediaFile } from "./media-folder.ts";

export interface Workplace {
  readonly desk: JobDesk;
  readonly actions: DemoActions;
  /** The folder in which everything is made. */
  readonly output: string;
}

/**
 * All jobs of all files. What each file needs alike is done by group jobs, which have a job for each; those that need what
 * another finds out or makes are created when that one has completed.
 */
export async function workOnFiles(
  files: readonly MediaFile[],
  catalogued: Catalogued,
  workplace: Workplace,
): Promise<void> {
  const { desk, actions } = workplace;
  const checksums = await desk.createGroup(actions.checksum, files, catalogued);
  const probes = await desk.createGroup(actions.probe, files, catalogued);
  await Promise.all(
    files.map(async (file) => {
      const [, probe] = await Promise.all([desk.resultOf(checksums.get(file)!), desk.resultOf(probes.get(file)!)]);
      if (probe !== null) await workOnFile(file, probe, workplace);
    }),
  );
}

async function workOnFile(file: MediaFile, probe: ProbeResult, { desk, actions, output }: Workplace): Promise<void> {
  const { path, stem } = file;
  const isPicture = probe.kind === "image";
  const isFilm = probe.kind === "video";
  const hasSound = probe.streams.some(({ kind }) => kind === "audio");
  const poster = { path, output: join(output, "posters", `${stem}.jpg`), width: 960 };
  const sheet = { path, output: join(output, "contact-sheets", `${stem}.jpg`), columns: 6, rows: 2, width: 1440 };
  const waveform = { path, output: join(output, "waveforms", `${stem}.png`), width: 1440, height: 180 };
  await Promise.all([
    isPicture && desk.run(actions.still, file, poster),
    isFilm && desk.run(actions.poster, file, poster),
    isFilm && desk.run(actions.contactSheet, file, sheet),
    hasSound && desk.run(probe.container === "wav" ? actions.plainWaveform : actions.waveform, file, waveform),
    (isFilm || hasSound) && makeProxy(file, { desk, actions, output }),
  ]);
}

async function makeProxy(file: MediaFile, { desk, actions, output }: Workplace): Promise<void> {
  const { path, stem } = file;
  const proxy = await desk.run(actions.proxy, file, { path, output: join(output, "proxies", `${stem}.mp4`) });
  if (proxy !== null) await desk.run(actions.compare, file, { path, other: proxy.output });
}

/** A delivery whose path has a letter too few: it fails, gets the right one, and is run again. */
export async function deliverAmended(file: MediaFile, { desk, actions, output }: Workplace): Promise<void> {
  const right = {
    path: file.path,
    output: join(output, "delivery", file.stem + file.path.slice(file.path.lastIndexOf("."))),
  };
  const job = await desk.create(actions.deliver, file, { ...right, path: right.path.slice(0, -1) });
  const { state } = await desk.settled(job);
  if (state !== "failed") return;
  await desk.amend(job, right, "the last letter of the path was missing");
  await desk.settled(job);
}

/** An archive copy and a check of the same file: both lock it, and so the one waits for the other. */
export async function archiveAlone(file: MediaFile, { desk, actions, output }: Workplace): Promise<void> {
  const { path, stem } = file;
  const archive = await desk.create(actions.archive, file, {
    path,
    output: join(output, "archive", stem + extname(path)),
  });
  const fixity = await desk.create(actions.fixity, file, { path, algorithms: ["sha256", "md5"] });
  await Promise.all([desk.resultOf(archive), desk.resultOf(fixity)]);
}

/** How much of a film is cut, so that a long one takes no longer. */
const CUT_SECONDS = 20;

/** A cut that takes longer than its action allows: it is marked as timed out, runs on, and completes. */
export async function cutOverTime(
  file: MediaFile,
  { desk, actions, output }: Workplace,
): Promise<{ readonly isOver: Promise<unknown> }> {
  const job = await desk.create(actions.cut, file, {
    path: file.path,
    output: join(output, "cuts", `${file.stem}.mp4`),
    preset: "h264-1080p",
    durationSeconds: CUT_SECONDS,
  });
  return { isOver: desk.resultOf(job) };
}
