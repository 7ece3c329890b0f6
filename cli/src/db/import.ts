import { open } from "node:fs/promises";
import { importDatabase } from "@callsheet/core";
import { confirm } from "../confirm.ts";
import { counted } from "../counted.ts";
import { describeDatabase } from "../database-option.ts";
import { EXIT } from "../exit-code.ts";
import { failure } from "../failure.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { databaseOf, withUrl } from "./private-server.ts";

/** `db import`: all of it, or nothing. */
export async function importFrom(terminal: Terminal, file: string, { replace = false }: { replace?: boolean }) {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    const hint = "Give the file that callsheet db export wrote.";
    throw failure("file_unreadable", `${file} cannot be read: ${error.message}.`, hint, EXIT.notFound);
  });
  const from = handle.createReadStream();
  try {
    if (replace) await confirm(terminal, `Delete all jobs in ${describeDatabase(databaseOf(terminal))} first?`);
    const facts = await withUrl(terminal, (databaseUrl) => importDatabase({ databaseUrl, from, replace }));
    const { jobs, rows, exportedAt, nodesLost, applied } = facts;
    if (applied.length > 0) terminal.note(printable(`Brought up to date: ${applied.join(", ")}.`));
    if (nodesLost > 0)
      terminal.note(
        `Nodes that were up when it was exported: ${nodesLost}. What they ran is recovered once a node works here.`,
      );
    printOne(
      terminal,
      facts,
      () => `Imported ${counted(jobs, "job")} (${counted(rows, "row")}) as of ${exportedAt.toISOString()}.\n`,
    );
  } finally {
    from.destroy();
  }
}
