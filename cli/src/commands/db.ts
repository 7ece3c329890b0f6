import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `db`: the database behind everything, above all the private server. */
export function addDbCommand(program: Command, terminal: Terminal): void {
  const db = program.command("db").description("the database: start and stop the private server, look, migrate");
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
  const url = db
    .command("url")
    .description("print a URL for psql and other tools; it holds a password")
    .action(async () => (await import("../db/url.ts")).printUrl(terminal));
  addExamples(url, [["db url --quiet", 'as in psql "$(callsheet db url --quiet)"']]);
}
