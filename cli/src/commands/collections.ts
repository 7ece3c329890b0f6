import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `collections`: ordered sets of assets. */
export function addCollectionsCommand(program: Command, terminal: Terminal): void {
  const collections = program
    .command("collections")
    .description("ordered sets of assets and of other collections, named by their names or ids");
  addExamples(collections, [
    ["collections create dailies asset:A-17 asset:A-18", "two assets, in this order"],
    ["collections add reel collection:dailies", "all that another one holds"],
    ["collections show reel --flat", "every asset, each once"],
  ]);
  addViews(collections, terminal);
  addMembership(collections, terminal);
  addDefinitions(collections, terminal);
}

function addViews(collections: Command, terminal: Terminal): void {
  addExamples(
    collections
      .command("list")
      .description("collections, by name")
      .option("--name <text>", "only those whose name contains this")
      .option("--limit <count>", "at most so many", countOption, 30)
      .option("--after <name>", "begin behind this name")
      .action(async (flags) => (await import("../collections/list.ts")).listCollections(terminal, flags)),
    [["collections list --name 'day 3'", "by a part of the name"]],
  );
  addExamples(
    collections
      .command("show <collection>")
      .alias("get")
      .description("what a collection holds, in its order")
      .option("--flat", "every asset, those of nested collections in their places, each once")
      .option("--limit <count>", "at most so many", countOption, 30)
      .option("--after <position>", "begin behind this position", countOption)
      .action(async (name, flags) => (await import("../collections/show.ts")).showCollection(terminal, name, flags)),
    [["collections show dailies --flat --limit 100000 --jsonl", "all of it, for a script"]],
  );
}

function addMembership(collections: Command, terminal: Terminal): void {
  addExamples(
    collections
      .command("add <collection> <members...>")
      .description("add members behind those that there are; who is one keeps its place")
      .action(async (name, members) => (await import("../collections/change.ts")).addTo(terminal, name, members)),
    [["collections add dailies asset:A-19 'collection:day 3'", "an asset by its id, a collection by name or id"]],
  );
  addExamples(
    collections
      .command("remove <collection> <members...>")
      .description("take members out; they themselves stay")
      .action(async (name, members) => (await import("../collections/change.ts")).removeFrom(terminal, name, members)),
    [["collections remove dailies asset:A-19", "add it again, and it stands last"]],
  );
}

function addDefinitions(collections: Command, terminal: Terminal): void {
  addExamples(
    collections
      .command("create <name> [members...]")
      .description("make a collection")
      .action(async (name, members) => (await import("../collections/change.ts")).create(terminal, name, members)),
    [["collections create 'day 3'", "an empty one"]],
  );
  addExamples(
    collections
      .command("rename <collection> <name>")
      .description("give a collection another name")
      .action(async (old, name) => (await import("../collections/change.ts")).rename(terminal, old, name)),
    [["collections rename 'day 3' 'day 3, second unit'", "its jobs and members stay"]],
  );
  addExamples(
    collections
      .command("delete <collections...>")
      .description("forget collections; what they held stays")
      .action(async (names) => (await import("../collections/change.ts")).deleteAll(terminal, names)),
    [["collections delete dailies", "asks first; refused while a job works on it"]],
  );
}
