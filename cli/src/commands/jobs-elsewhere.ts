import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { percentOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

const REF = "the completion token of its attempt, - to read it from standard input, or the id of its job";

/** Commands by which whoever does a job's work elsewhere says how it goes. */
export function addJobsElsewhere(jobs: Command, terminal: Terminal): void {
  const complete = jobs
    .command("complete")
    .argument("<ref>", REF)
    .description("say that work which goes on elsewhere is done")
    .option("--result <json>", "what came of it; a text that is no JSON is taken as it is")
    .option("--result-file <file>", "the same from a JSON file")
    .action(async (ref, flags) => (await import("../jobs/elsewhere.ts")).completeElsewhere(terminal, ref, flags));
  addExamples(complete, [
    ["jobs complete TOKEN --result '{\"frames\":250}'", "as the farm does that was given the token"],
    ["jobs complete ID --yes", "by hand, when its word was lost"],
  ]);
  const fail = jobs
    .command("fail")
    .argument("<ref>", REF)
    .description("say that work which goes on elsewhere failed")
    .requiredOption("--message <text>", "what went wrong")
    .option("--code <code>", "a code that retry policies can name, such as no_licence")
    .action(async (ref, flags) => (await import("../jobs/elsewhere.ts")).failElsewhere(terminal, ref, flags));
  addExamples(fail, [["jobs fail TOKEN --code no_licence --message 'None is left.'", "it is retried by its policy"]]);
  const progress = jobs
    .command("progress")
    .argument("<ref>", REF)
    .argument("[percent]", "how far it is, 0 to 100; without it: that it goes on", percentOption)
    .description("say how far work is that goes on elsewhere; answers whether it is to stop")
    .option("--message <text>", "what it does now")
    .action(async (ref, percent, flags) =>
      (await import("../jobs/elsewhere.ts")).progressElsewhere(terminal, ref, percent, flags),
    );
  addExamples(progress, [
    ["jobs progress TOKEN 40 --message 'frame 100'", "what jobs show shows"],
    ["jobs progress TOKEN", "only that it goes on"],
  ]);
}
