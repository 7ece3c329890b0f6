import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";
import type { ChecksumResult, CompareResult, ProbeResult, TranscodeResult } from "@callsheet/actions";
import type { Picture, Player, ReportFile } from "../report/report-data.ts";
import type { Gathered } from "./gather.ts";
import { mediaFactsOf } from "./media-facts.ts";
import type { MediaFile } from "./media-folder.ts";

/** Room for players in the report, in bytes: beyond it they stay beside it, so that it can still be sent to somebody. */
export class PlayerRoom {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Whether so much still goes in; it is taken then. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

/** What the jobs of a file found out and made, with its pictures. `output` is the folder of the report. */
export async function gatherFile(
  file: MediaFile,
  jobs: readonly Gathered[],
  { output, room }: { readonly output: string; readonly room: PlayerRoom },
): Promise<ReportFile> {
  const completed = jobs.filter(({ told }) => told.file === file.name && told.state === "completed");
  const resultOf = <Result>(...actions: readonly string[]) =>
    (completed.find(({ told }) => actions.includes(told.action))?.job.result ?? null) as Result | null;
  const probe = resultOf<ProbeResult>("probe");
  const proxy = resultOf<TranscodeResult>("proxy");
  const compared = resultOf<CompareResult>("compare");
  const [poster, contactSheet, waveform] = await Promise.all([
    pictureOf(resultOf<MadePicture>("poster", "still")),
    pictureOf(resultOf<MadePicture>("contact-sheet")),
    pictureOf(resultOf<MadePicture>("waveform", "plain-waveform")),
  ]);
  return {
    name: file.name,
    kind: probe?.kind ?? null,
    source: probe === null ? null : mediaFactsOf(probe),
    proxy: proxy === null ? null : mediaFactsOf({ ...proxy, container: "mp4" }),
    sha256: resultOf<ChecksumResult>("checksum")?.checksums.sha256 ?? null,
    poster,
    contactSheet,
    waveform,
    player: proxy === null ? null : await playerOf(proxy, output, room),
    likeness:
      compared === null
        ? null
        : { ssim: compared.ssim?.average ?? null, durationDifferenceSeconds: compared.durations.difference },
  };
}

interface MadePicture {
  readonly output: string;
  readonly width: number;
  readonly height: number;
}

async function pictureOf(made: MadePicture | null): Promise<Picture | null> {
  if (made === null) return null;
  const type = made.output.endsWith(".png") ? "image/png" : "image/jpeg";
  return { source: await dataUri(made.output, type), width: made.width, height: made.height };
}

async function playerOf(proxy: TranscodeResult, output: string, room: PlayerRoom): Promise<Player> {
  const kind = proxy.streams.some((stream) => stream.kind === "video") ? "video" : "audio";
  if (room.take(proxy.bytes)) return { kind, source: await dataUri(proxy.output, `${kind}/mp4`) };
  return { kind, source: relative(output, proxy.output).split(sep).map(encodeURIComponent).join("/") };
}

async function dataUri(path: string, type: string): Promise<string> {
  return `data:${type};base64,${(await readFile(path)).toString("base64")}`;
}
