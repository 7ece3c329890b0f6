import { writeFile } from "node:fs/promises";
import { linesOf } from "@callsheet/contract";
import { failure, usageError } from "../failure.ts";
import { jsonLine, printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { drawChart } from "./chart.ts";
import { compare } from "./comparison.ts";
import { findDay } from "./find-day.ts";
import type { SimulateFlags } from "./flags.ts";
import { reportText } from "./report-text.ts";

/** `simulate` */
export async function runSimulation(terminal: Terminal, file: string | undefined, flags: SimulateFlags): Promise<void> {
  const day = await findDay(terminal, file, flags);
  if (day.jobs.length === 0)
    throw usageError("There is no job in that day.", "Choose another one: jobs list shows some.");
  const comparison = compare(day, flags);
  if (flags.save !== undefined) await write(flags.save, linesOf(day).map(jsonLine).join(""));
  if (flags.svg !== undefined) await write(flags.svg, drawChart(comparison));
  printOne(terminal, comparison, () => reportText(comparison, terminal.width));
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw failure("file_unwritable", `${file} cannot be written: ${code}.`, "Check its folder and its rights.");
  }
}
