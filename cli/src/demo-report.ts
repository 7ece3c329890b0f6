import type { ChecksumResult, ProbeResult } from "@callsheet/actions";
import type { Created, Job, Jobs } from "@callsheet/core";
import { formatBytes, formatDuration } from "./amount.ts";
import { historyLine } from "./history-line.ts";
import { printable } from "./printable.ts";
import { inStateColour, stateName } from "./state-colour.ts";
import { type Column, renderTable } from "./table.ts";

/** What two jobs found out about one file. */
interface DemoRow {
  readonly name: string;
  readonly checksum: Job<unknown, ChecksumResult>;
  readonly probe: Job<unknown, ProbeResult>;
}

const COLUMNS: readonly Column<DemoRow>[] = [
  { title: "File", cell: ({ name }) => name },
  { title: "Kind", cell: ({ probe }) => (probe.result ? `${probe.result.kind}, ${probe.result.container}` : "") },
  { title: "Length", cell: ({ probe }) => lengthOf(probe.result), align: "right" },
  { title: "Size", cell: ({ checksum: { result } }) => (result ? formatBytes(result.bytes) : ""), align: "right" },
  { title: "SHA-256", cell: ({ checksum: { result } }) => result?.checksums.sha256?.slice(0, 12) ?? "" },
  {
    title: "State",
    cell: (row) => stateName(worstOf(row).state),
    paint: (text, row) => inStateColour(worstOf(row).state, text),
  },
  { title: "Took", cell: (row) => formatDuration(tookOf(row)), align: "right" },
];

/** Reads the settled jobs again, checksums and probes of the same files in the same order, and says how they went. */
export async function reportOf(
  jobs: Jobs,
  checksums: readonly Created<unknown, ChecksumResult>[],
  probes: readonly Created<unknown, ProbeResult>[],
): Promise<{ readonly text: string; readonly allCompleted: boolean }> {
  const rows = await Promise.all(
    checksums.map(async (created, index) => {
      const [checksum, probe] = await Promise.all([jobs.get(created), jobs.get(probes[index]!)]);
      return { name: checksum.target?.id ?? checksum.id, checksum, probe };
    }),
  );
  const all = rows.flatMap<Job<unknown, unknown>>(({ checksum, probe }) => [checksum, probe]);
  const ways = await Promise.all(all.map((job) => wayOf(jobs, job)));
  const completed = all.filter(({ state }) => state === "completed").length;
  const text = [
    `\n${renderTable(COLUMNS, rows)}`,
    `\nHow each job went\n${ways.join("")}`,
    `\n${completed} of ${all.length} jobs completed.\n`,
  ].join("");
  return { text, allCompleted: completed === all.length };
}

async function wayOf(jobs: Jobs, job: Job<unknown, unknown>): Promise<string> {
  const name = printable(`${job.target?.id ?? job.id} ${job.action}`);
  return `  ${name}: ${historyLine(job, await jobs.history(job))}\n`;
}

/** The job that decides what is said of a file: the first that did not complete. */
function worstOf({ checksum, probe }: DemoRow): Job<unknown, unknown> {
  return checksum.state === "completed" ? probe : checksum;
}

function tookOf({ checksum, probe }: DemoRow): number {
  return (checksum.durationMs ?? 0) + (probe.durationMs ?? 0);
}

function lengthOf(result: ProbeResult | null): string {
  if (result === null || result.durationSeconds === null) return "";
  return formatDuration(result.durationSeconds * 1000);
}
