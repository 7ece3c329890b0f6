import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { addExamples } from "../examples.ts";
import { EXIT } from "../exit-code.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

interface DemoFlags {
  readonly media?: string;
  readonly out?: string;
  readonly open: boolean;
}

/** More would be no demo: each has up to seven jobs. */
const MOST_FILES = 50;

/** `demo`: real media through real jobs. */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("demo")
    .description("run media files through jobs, show them on their way, and write a report with pictures of it all")
    .option("--media <directory>", "your own films, pictures and sound, which are only read (default: samples)", folder)
    .option("--out <directory>", "where everything is made (default: demo-out)", folder)
    .option("--no-open", "do not open the report in a browser")
    .action((flags: DemoFlags) => demo(terminal, flags));
  addExamples(command, [
    ["demo", "real media files through real jobs, in a few seconds"],
    ["demo --media ~/Videos --out ~/demo", "the same over your own files"],
    ["demo --data-dir ./demo", "the same, with the database in a directory of your choice"],
  ]);
}

function folder(text: string): string {
  // An empty variable of a script must not turn the current folder into the media.
  if (text.trim() === "") throw new InvalidArgumentError("It is empty.");
  return resolve(text);
}

async function demo(terminal: Terminal, { media: asked, out, open }: DemoFlags): Promise<void> {
  // Loaded when they are needed, so that --help and --version answer at once.
  const { chooseDatabase, describeDatabase } = await import("../database-option.ts");
  const { readMediaFolder } = await import("../demo/media-folder.ts");
  const { findSamples } = await import("../samples.ts");
  const { describeFfmpeg } = await import("../demo/describe-ffmpeg.ts");
  const { runDemo } = await import("../demo/run-demo.ts");
  const { endedAsAnnounced, shortPath, summaryOf } = await import("../demo/summary.ts");
  const output = out ?? resolve("demo-out");
  const media = await readMediaFolder(asked ?? findSamples(), { limit: MOST_FILES, except: output });
  const ffmpeg = terminal.variables.CALLSHEET_FFMPEG || undefined;
  const database = chooseDatabase(terminal.flags, terminal.variables, "demo");
  const lines = [
    `Media     ${media.files.length} files of ${shortPath(media.path)}`,
    `Database  ${describeDatabase(database)}`,
    `ffmpeg    ${await describeFfmpeg(ffmpeg)}`,
    "",
  ];
  terminal.write(lines.map((line) => `${printable(line)}\n`).join(""));

  const { stdout: stream, signal } = terminal;
  const { report, path } = await runDemo({ media, output, database, ffmpeg, stream, signal });
  terminal.write(`\n${summaryOf(report, path)}`);
  if (!report.jobs.every(endedAsAnnounced)) terminal.exitCode = EXIT.failed;
  if (open && terminal.stdout.isTTY) (await import("../demo/open-page.ts")).openPage(path, terminal.variables);
}
