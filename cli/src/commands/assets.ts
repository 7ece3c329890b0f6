import { type Command, Option } from "commander";
import { addExamples } from "../examples.ts";
import { assignmentOption, countOption, severalOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `assets`: media files in the catalogue. */
export function addAssetsCommand(program: Command, terminal: Terminal): void {
  const assets = program.command("assets").description("media files in the catalogue, which jobs work on by their ids");
  addExamples(assets, [
    ["assets register ~/Videos/dailies --collection dailies", "every file of a folder, in one call"],
    ["assets list --tag hero", "those with a tag, the newest first"],
    ["jobs create probe --target asset:ID", "a job that works on one"],
  ]);
  addRegister(assets, terminal);
  addViews(assets, terminal);
  addChanges(assets, terminal);
}

function addRegister(assets: Command, terminal: Terminal): void {
  addExamples(
    assets
      .command("register <folder>")
      .description("put the files of a folder in the catalogue; those that are there stay as they are")
      .option("--media <[name=]directory...>", "the media roots of this machine (default: CALLSHEET_MEDIA_ROOTS)")
      .option("--match <pattern>", "only files of such names, such as '*.mov' (several)", severalOption)
      .option("--no-recursive", "not those in the folders below")
      .option("--collection <name>", "gather them, in natural order, in this collection; it is made if need be")
      .option("--nested", "with a collection for each folder below, nested in it")
      .option("--tag <tag>", "give those that are new this tag (several)", severalOption)
      .action(async (folder, flags) => (await import("../assets/register.ts")).registerFolder(terminal, folder, flags)),
    [
      ["assets register /san/day-3 --media san=/san --collection 'day 3' --nested", "folders become collections"],
      ["assets register . --match '*.mov' --match '*.mxf' --tag rushes", "some of what is here"],
    ],
  );
}

function addViews(assets: Command, terminal: Terminal): void {
  addExamples(
    assets
      .command("list")
      .description("assets, the newest first")
      .option("--name <text>", "only those whose name contains this")
      .option("--tag <tag>", "only those with this tag")
      .option("--root <name>", "only those of this media root")
      .option("--under <path>", "only those below this path of their root")
      .addOption(
        new Option("--facts <which>", "only those that a probe has looked at, or has not").choices(["yes", "no"]),
      )
      .option("--limit <count>", "at most so many", countOption, 30)
      .option("--after <id>", "begin behind this one")
      .action(async (flags) => (await import("../assets/list.ts")).listAssets(terminal, flags)),
    [
      ["assets list --under 'day 3' --facts no --json=id", "what is still to be probed, for a script"],
      ["assets list --name interview", "by a part of the name"],
    ],
  );
  addExamples(
    assets
      .command("show <id>")
      .alias("get")
      .description("one asset: its file, what is known of it, where it is a member, and its newest jobs")
      .action(async (id) => (await import("../assets/show.ts")).showAsset(terminal, id)),
    [["jobs list --target asset:ID --all", "everything that was done to one"]],
  );
}

function addChanges(assets: Command, terminal: Terminal): void {
  addExamples(
    assets
      .command("set <id>")
      .description("change what is said of an asset, and nothing else")
      .option("--name <text>", "what people call it")
      .option("--root <name>", "its file is below another media root now")
      .option("--path <path>", "its file is at another path below the root; what was known of the old one is forgotten")
      .option("-m, --metadata <key=value>", "a field of its metadata; null takes it away (several)", assignmentOption)
      .action(async (id, flags) => (await import("../assets/change.ts")).setAsset(terminal, id, flags)),
    [["assets set ID -m scene=12 -m 'note=second unit'", "keep something with it"]],
  );
  addExamples(
    assets
      .command("tag <ids...>")
      .description("give assets tags, and take some away")
      .option("--add <tag>", "a tag that they are to have (several)", severalOption)
      .option("--remove <tag>", "a tag that they are not to have (several)", severalOption)
      .action(async (ids, flags) => (await import("../assets/change.ts")).tagAssets(terminal, ids, flags)),
    [["assets tag ID ID --add graded --remove rushes", "all of them, or none"]],
  );
  addExamples(
    assets
      .command("delete <ids...>")
      .description("take assets out of the catalogue; their files and the history of their jobs stay")
      .action(async (ids) => (await import("../assets/change.ts")).deleteAssets(terminal, ids)),
    [["assets delete ID", "asks first; refused while a job works on it"]],
  );
}
