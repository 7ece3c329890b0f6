import type { Command } from "commander";
import { namesOption, targetOption } from "../option.ts";

/** The options that choose jobs by what they are. */
export function addFilterOptions(command: Command): Command {
  return command
    .option("--state <states>", "only jobs in these states, between commas", namesOption)
    .option("--action <name>", "only jobs of this action")
    .option("--owner <name>", "only jobs of this owner")
    .option("--tag <tag>", "only jobs with this tag")
    .option("--target <type:id>", "only jobs on this object", targetOption)
    .option("--parent <id>", "only the members of this group")
    .option("--rollback <state>", "only jobs whose rollback is required, running or failed");
}
