import { open, rename, rm, stat } from "node:fs/promises";
import { exportDatabase } from "@callsheet/core";
import { formatBytes } from "../amount.ts";
import { counted } from "../counted.ts";
import { EXIT } from "../exit-code.ts";
import { failure } from "../failure.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { withUrl } from "./private-server.ts";

/** `db export`: the file appears when it is whole, and on the disk. It holds all that jobs were given: only its owner may read it. */
export async function exportTo(terminal: Terminal, file: string): Promise<void> {
  await refuseExisting(file);
  const part = `${file}.part`;
  const handle = await open(part, "w", 0o600);
  try {
    const to = handle.createWriteStream({ flush: true });
    const facts = await withUrl(terminal, (databaseUrl) => exportDatabase({ databaseUrl, to }));
    await refuseExisting(file);
    await rename(part, file);
    const { nodesUp, ...rest } = facts;
    if (nodesUp.length > 0)
      terminal.note(printable(`Nodes are up: ${nodesUp.join(", ")}. What they do from now on is not in the file.`));
    const { size: bytes } = await stat(file);
    printOne(terminal, { file, bytes, ...rest }, () =>
      printable(
        `Exported ${counted(rest.jobs, "job")} (${counted(rest.rows, "row")}, ${formatBytes(bytes)}) to ${file}.`,
      ).concat("\n"),
    );
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw failure("file_exists", `${file} exists already.`, "Name another file, or remove it.", EXIT.conflict);
}
