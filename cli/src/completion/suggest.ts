import type { Command, Option } from "commander";

/** A word that may stand where one is being typed, and what it means. */
export interface Suggestion {
  readonly word: string;
  readonly meaning: string;
}

/** What the last of these words may become, by the commands and options there are; it is empty when a new one begins. */
export function suggest(program: Command, words: readonly string[]): readonly Suggestion[] {
  const typed = words.at(-1) ?? "";
  return candidates(program, words.slice(0, -1), typed).filter(({ word }) => word.startsWith(typed));
}

function candidates(program: Command, before: readonly string[], typed: string): readonly Suggestion[] {
  const { command, option } = placeAfter(before, program);
  if (option !== undefined) return choices(option.argChoices, option.description);
  if (typed.startsWith("-")) {
    const help = command.createHelp();
    return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map(asSuggestion);
  }
  const commands = command.createHelp().visibleCommands(command);
  return [
    ...commands.map((inner) => ({ word: inner.name(), meaning: inner.description() })),
    ...command.registeredArguments.flatMap((argument) => choices(argument.argChoices, argument.description)),
  ];
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
}

function placeAfter(words: readonly string[], program: Command): Place {
  let place: Place = { command: program, option: undefined };
  for (const word of words) {
    // bash takes --name=value apart at the sign.
    if (word !== "=") place = next(place, word, program);
  }
  return place;
}

function next({ command, option }: Place, word: string, program: Command): Place {
  if (option !== undefined) return { command, option: undefined };
  if (word.startsWith("-")) {
    const named = [...command.options, ...program.options].find(
      (one) => one.required && [one.short, one.long].includes(word),
    );
    return { command, option: named };
  }
  return { command: command.commands.find((inner) => inner.name() === word) ?? command, option: undefined };
}

function asSuggestion({ long, short, description }: Option): Suggestion {
  return { word: long ?? short ?? "", meaning: description };
}

function choices(words: readonly string[] = [], meaning: string): readonly Suggestion[] {
  return words.map((word) => ({ word, meaning }));
}
