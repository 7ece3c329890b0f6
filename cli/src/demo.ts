import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { mediaActions } from "@callsheet/actions";
import { Callsheet, type CallsheetOptions } from "@callsheet/core";
import { reportOf } from "./demo-report.ts";
import { failure } from "./failure.ts";
import { follow } from "./follow.ts";
import { progressOn } from "./progress.ts";

export interface DemoOptions {
  /** The folder of media files to work on. */
  readonly media: string;
  /** A private server's data directory, or the URL of a PostgreSQL. */
  readonly database: Pick<CallsheetOptions, "dataDir" | "databaseUrl">;
  readonly output: NodeJS.WriteStream;
  /** Stops the demo; what it opened is closed. */
  readonly signal: AbortSignal;
}

/** Runs real files through real jobs, and shows how they went. Answers whether all of them completed. */
export async function runDemo({ media, database, output, signal }: DemoOptions): Promise<boolean> {
  const cs = await Callsheet.open({ ...database, actor: "demo" });
  try {
    // An action type is code: here two that ship with Callsheet, which may read this one folder.
    const { fileChecksum, mediaProbe } = mediaActions({ roots: [media] });

    // An action is a named definition of work: a type with a configuration and rules of running. Jobs run at its site.
    const site = "demo";
    const checksum = await cs.actions.put({ name: "demo.checksum", type: fileChecksum, site, retry: { limit: 2 } });
    const probe = await cs.actions.put({ name: "demo.probe", type: mediaProbe, site, timeoutMs: 30_000 });

    // A job is one run of an action, with a copy of its configuration. Once created, it is stored.
    const names = (await readdir(media)).filter((name) => name !== "NOTICE").sort();
    if (names.length === 0)
      throw failure("no_media", `There is no file in ${media}.`, "Name a folder with media files.");
    const inputs = names.map((name) => ({
      target: { type: "file", id: name },
      configuration: { path: join(media, name) },
    }));
    const checksums = await cs.jobs.createMany(checksum, inputs);
    const probes = await cs.jobs.createMany(probe, inputs);

    // A node runs jobs of its site. There may be many, on many machines; here it is this process.
    await cs.work({ name: `demo-${process.pid}`, site, types: [fileChecksum, mediaProbe], slots: 2 });
    await follow(cs.jobs, [...checksums, ...probes], progressOn(output), signal);

    // A job knows its result by the type of its action, and remembers how it came to it.
    const report = await reportOf(cs.jobs, checksums, probes);
    output.write(report.text);
    return report.allCompleted;
  } finally {
    await cs.close();
  }
}
