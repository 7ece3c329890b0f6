import { readFile } from "node:fs/promises";
import { Argument, type Command } from "commander";
import { suggest } from "../completion/suggest.ts";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** `completion`: the script with which a shell completes our commands; and `complete`, which those scripts ask. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("completion")
    .description("print the script with which a shell completes callsheet's commands")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action(async (shell: Shell) => {
      terminal.write(await readFile(new URL(`../completion/callsheet.${shell}`, import.meta.url), "utf8"));
    });
  addExamples(command, [
    ["completion bash > ~/.local/share/bash-completion/completions/callsheet", "for bash"],
    ["completion zsh > ~/.zfunc/_callsheet", "for zsh, where ~/.zfunc stands in fpath"],
    ["completion fish > ~/.config/fish/completions/callsheet.fish", "for fish"],
  ]);
  program
    .command("complete", { hidden: true })
    .description("what the last of these words may become, for the scripts of completion")
    .argument("[words...]", "after --")
    .action((words: readonly string[]) => {
      const lines = suggest(program, words).map(({ word, meaning }) => `${word}\t${meaning}\n`);
      terminal.write(lines.join(""));
    });
}
