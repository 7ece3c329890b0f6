import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `db`: the database behind everything, above all the private server. */
export function addDbCommand(program: Command, terminal: Terminal): void {
  const db = program
    .command("db")
    .description("the database: start and stop the private server, look, migrate, export, import");
  addExamples(db, [
    ["db start", "start the private server, and leave it running"],
    ["db status", "whether it runs, who uses it, what its schema is"],
    ["db url", 'its URL, as in psql "$(callsheet db url --quiet)"'],
    ["db stop", "stop it, unless somebody uses it"],
  ]);
  const start = db
    .command("start")
    .description("start the private server, and leave it running")
    .action(async () => (await import("../db/start.ts")).startDatabase(terminal));
  addExamples(start, [["db start --data-dir ./data", "with its files in a directory of your choice"]]);
  const stop = db
    .command("stop")
    .description("stop the private server; refused while others use it")
    .option("-f, --force", "stop it though others use it; they lose their connections (as --yes does)")
    .action(async ({ force }: { readonly force?: boolean }) =>
      (await import("../db/stop.ts")).stopDatabase(terminal, force === true || terminal.flags.yes === true),
    );
  addExamples(stop, [["db stop --force", "though somebody uses it"]]);
  const status = db
    .command("status")
    .description("whether it runs, its version, place and size, who uses it, its schema")
    .action(async () => (await import("../db/status.ts")).showStatus(terminal));
  addExamples(status, [["db status --json", "the same for programs"]]);
  const migrate = db
    .command("migrate")
    .description("bring the schema up to date, also that of DATABASE_URL")
    .action(async () => (await import("../db/migrate.ts")).migrateSchema(terminal));
  addExamples(migrate, [["db migrate --database-url postgresql://…", "the schema of a server of yours"]]);
  addMoves(db, terminal);
  const url = db
    .command("url")
    .description("print a URL for psql and other tools; it holds a password")
    .action(async () => (await import("../db/url.ts")).printUrl(terminal));
  addExamples(url, [["db url --quiet", 'as in psql "$(callsheet db url --quiet)"']]);
}

/** `db export` and `db import`. */
function addMoves(db: Command, terminal: Terminal): void {
  const out = db
    .command("export <file>")
    .description("write all jobs, their history and all that they need into a file, as of one moment; nodes may go on")
    .action(async (file: string) => (await import("../db/export.ts")).exportTo(terminal, file));
  addExamples(out, [["db export callsheet.jsonl.gz", "a backup, or the first half of a move to another server"]]);
  const back = db
    .command("import <file>")
    .description(
      "bring an export into a database, on whatever server, and its schema up to date: all of it, or nothing",
    )
    .option("--replace", "delete what is there; otherwise a database with jobs is refused")
    .action(async (file: string, options: { readonly replace?: boolean }) =>
      (await import("../db/import.ts")).importFrom(terminal, file, options),
    );
  addExamples(back, [
    ["db import callsheet.jsonl.gz --database-url postgresql://…", "the second half of a move"],
    ["db import callsheet.jsonl.gz --replace --yes", "back to what it was"],
  ]);
}
