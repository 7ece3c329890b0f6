import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import { addExamples } from "../examples.ts";

/** `completion`: scripts with which shells complete our commands. After all others, whose words it reads. */
export function addCompletionCommand(program: Command): void {
  tab(program, { completionCommandName: "completion" });
  const command = program.commands.find((one) => one.name() === "completion");
  if (command === undefined) return;
  command.description("print the script with which a shell completes callsheet's commands");
  addExamples(command, [
    ["completion bash > ~/.local/share/bash-completion/completions/callsheet", "for bash"],
    ["completion zsh > ~/.zfunc/_callsheet", "for zsh, where ~/.zfunc stands in fpath"],
    ["completion fish > ~/.config/fish/completions/callsheet.fish", "for fish"],
    ["completion powershell >> $PROFILE", "for PowerShell"],
  ]);
}
