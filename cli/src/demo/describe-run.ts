import { cpus, release, type as systemName, totalmem } from "node:os";
import { formatBytes } from "../amount.ts";
import { type DatabaseChoice, describeDatabase } from "../database-option.ts";
import { abbreviate } from "../job-id.ts";
import type { Report, ReportJob } from "../report/report-data.ts";
import { version } from "../version.ts";
import type { MediaFolder } from "./media-folder.ts";
import { shortPath } from "./summary.ts";

interface Run {
  readonly media: MediaFolder;
  readonly output: string;
  readonly database: DatabaseChoice;
  readonly startedAt: Date;
  readonly jobs: readonly ReportJob[];
  /** Which one was used, in words. */
  readonly ffmpeg: string;
}
type Described = Pick<Report, "title" | "timeZone" | "notes" | "machine" | "outputs" | "next">;

/** What a report says beside jobs and files: what was left out, where it ran, where everything is, how to go on. */
export function describeRun({ media, output, database, startedAt, jobs, ffmpeg }: Run): Described {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone }).format(startedAt);
  return {
    title: `Callsheet demo, ${day}`,
    timeZone,
    notes: [...notesOf(media), ...whatWaits(jobs, ffmpeg)],
    machine: [
      { label: "Callsheet", value: version() },
      { label: "Node.js", value: process.versions.node },
      { label: "Database", value: describeDatabase(database) },
      { label: "ffmpeg", value: ffmpeg },
      { label: "System", value: `${systemName()} ${release()}` },
      { label: "Processors", value: `${cpus().length}, ${formatBytes(totalmem())} of memory` },
    ],
    outputs: outputsOf(output, jobs),
    next: nextSteps(jobs, optionFor(database)),
  };
}

/** Commands that can be copied as they are, but for the folder of one's own. */
function nextSteps(jobs: readonly ReportJob[], option: string): Described["next"] {
  const shortIds = abbreviate(jobs.map(({ id }) => id));
  const amended = jobs.findIndex(({ amendments }) => amendments.length > 0);
  return [
    { what: "Every job, with its state", command: `npx callsheet jobs list${option}` },
    ...(amended === -1
      ? []
      : [
          {
            what: "The one that was amended, with its history",
            command: `npx callsheet jobs show ${shortIds[amended]}${option}`,
          },
        ]),
    { what: "The group jobs, with what their members add up to", command: `npx callsheet groups list${option}` },
    { what: "The timed action, and when it would run next", command: `npx callsheet timed list${option}` },
    { what: "The same over your own files, which are only read", command: "npx callsheet demo --media DIR" },
  ];
}

/** How a command finds this database. A URL may hold a password: it is not repeated. */
function optionFor(database: DatabaseChoice): string {
  if ("dataDir" in database) return ` --data-dir ${quoteForShell(database.dataDir)}`;
  return database.databaseUrl === process.env.DATABASE_URL ? "" : " --database-url URL";
}

function quoteForShell(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function notesOf({ path, skipped, left, files }: MediaFolder): readonly string[] {
  const others = skipped === 1 ? "file is no media and was" : "files are no media and were";
  return [
    ...(skipped > 0 ? [`${skipped} other ${others} passed over.`] : []),
    ...(left > 0 ? [`Only the first ${files.length} media files of ${path} were taken; ${left} are left.`] : []),
  ];
}

function whatWaits(jobs: readonly ReportJob[], ffmpeg: string): readonly string[] {
  const waiting = jobs.filter(({ waitsFor }) => waitsFor !== null);
  if (waiting.length === 0) return [];
  const who = waiting.length === 1 ? "1 job waits" : `${waiting.length} jobs wait`;
  const next = ffmpeg === "none" ? ": install ffmpeg and run the demo again" : "";
  return [`${who} and will not run here${next}.`, ...new Set(waiting.map(({ waitsFor }) => waitsFor!))];
}

/** Where what was made stands, by what it is, for the kinds that were made. */
function outputsOf(output: string, jobs: readonly ReportJob[]): Report["outputs"] {
  const made = (actions: readonly string[]) =>
    jobs.some(({ action, state }) => actions.includes(action) && state === "completed");
  return [
    { actions: ["poster", "still"], label: "Posters", folder: "posters" },
    { actions: ["contact-sheet"], label: "Contact sheets", folder: "contact-sheets" },
    { actions: ["waveform", "plain-waveform"], label: "Waveforms", folder: "waveforms" },
    { actions: ["proxy"], label: "Proxies", folder: "proxies" },
    { actions: ["cut"], label: "Cuts", folder: "cuts" },
    { actions: ["archive"], label: "Archive", folder: "archive" },
    { actions: ["deliver"], label: "Deliveries", folder: "delivery" },
  ]
    .filter(({ actions }) => made(actions))
    .map(({ label, folder }) => ({ label, value: shortPath(`${output}/${folder}`) }));
}
