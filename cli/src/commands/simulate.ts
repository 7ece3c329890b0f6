import { type Command, InvalidArgumentError } from "commander";
import { addExamples } from "../examples.ts";
import { countOption, momentOption } from "../option.ts";
import type { SimulateFlags } from "../simulate/flags.ts";
import type { Terminal } from "../terminal.ts";

/** `simulate`: what would have been, had there been more or less of something. */
export function addSimulateCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("simulate [file]")
    .description(
      "replay a day on a virtual clock, as it was and with other capacities: how long jobs wait, and what is in use",
    )
    .option("--from <moment>", "a recorded day instead of a file: the jobs that ended from then on", dayOption)
    .option("--to <moment>", "until then (default: a day later)", dayOption)
    .option("--made-up <jobs>", "a made-up day instead, with so many jobs", countOption)
    .option("--seed <text>", "which made-up day", "1")
    .option(
      "--set <name=units>",
      "a resource's capacity; action/NAME, queue/NAME or site/NAME for a limit (several)",
      capacityOption,
    )
    .option("--slots <count>", "slots of each node", countOption)
    .option("--save <file>", "write the day as it was, to replay it later")
    .option("--svg <file>", "draw the use of everything over the day")
    .action(async (file: string | undefined, flags: SimulateFlags) =>
      (await import("../simulate/run.ts")).runSimulation(terminal, file, flags),
    );
  addExamples(command, [
    ["simulate --made-up 2000 --set transcode=12", "a day that never was, with other encoders"],
    ["simulate --from 2026-01-01 --set transcode=4 --svg day.svg", "that day of yours, with four transcodes at once"],
    ["simulate --from 2026-01-01 --save day.jsonl", "keep it in a file"],
    ["simulate day.jsonl --slots 8 --set action/proxy=3", "from a file, with a limit"],
  ]);
}

function dayOption(text: string): Date {
  // A day alone begins where this machine is.
  return momentOption(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
}

function capacityOption(text: string, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [, name, units] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
  if (name !== undefined && Number.isSafeInteger(Number(units))) return { ...before, [name]: Number(units) };
  throw new InvalidArgumentError("It must be a name and a whole number: transcode=4.");
}
