import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";

/** The options that every command takes, before or after its own. */
export function addGlobalOptions(program: Command): void {
  const options = [
    new Option("--json [fields]", "print JSON; only these fields of it, between commas").argParser(fieldsOf),
    new Option("--jsonl", "print JSON, one value a line").conflicts("json"),
    new Option("--no-color", "print without colours, as with NO_COLOR=1"),
    new Option("-q, --quiet", "print data and errors only"),
    new Option("-y, --yes", "do what is asked for without a question"),
    new Option("--data-dir <directory>", "the private server's directory (default: the user's own)").argParser(path),
    new Option(
      "--database-url <url>",
      "a PostgreSQL instead (default: DATABASE_URL, where a password belongs)",
    ).conflicts("dataDir"),
    new Option(
      "--secret-key-file <file>",
      "the keys of secrets (default: CALLSHEET_SECRET_KEY_FILE, or beside the private server's directory)",
    ).argParser(path),
    new Option("--as <name>", "who acts, in the history (default: the user of the system)"),
    new Option("--reason <text>", "why, in the history"),
  ];
  for (const option of options) program.addOption(option);
}

function fieldsOf(text: string): readonly string[] {
  if (/^\w+(,\w+)*$/.test(text)) return text.split(",");
  throw new InvalidArgumentError("Fields are names between commas: --json=id,state. Without fields it goes last.");
}

function path(text: string): string {
  // An empty variable of a script must not turn the current folder into a database.
  if (text.trim() === "") throw new InvalidArgumentError("It is empty.");
  return resolve(text);
}
