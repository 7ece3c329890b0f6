import { basename, dirname, parse } from "node:path";
import type { JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { assetOf, pathOf } from "./path.ts";

type Context = JobContext<{ readonly path?: string | undefined; readonly output: string }>;

/**
 * What an output may name between `#{` and `}`, so that jobs of one configuration do not write the same file. Each stands for one
 * part of a path; `asset.folder` for the folders that the asset's file is in below its media root.
 */
const FACTS = {
  "file.name": async (context) => basename(await pathOf(context)),
  "file.stem": async (context) => parse(await pathOf(context)).name,
  "asset.id": async (context) => (await assetOf(context))?.id,
  "asset.folder": async (context) => {
    const asset = await assetOf(context);
    return asset && dirname(asset.path);
  },
  "target.id": async ({ target }) => target?.id,
  "job.id": async ({ job }) => job.id,
} as const satisfies Readonly<Record<string, (context: Context) => Promise<string | undefined>>>;
type Fact = keyof typeof FACTS;

const NAMES = Object.keys(FACTS) as readonly Fact[];
const isFact = (name: string): name is Fact => NAMES.some((known) => known === name);
const PLACES = /#\{([^{}]*)\}?/g;

/**
 * The absolute path at which a file that is made appears, below an output root; a regular file that is there is replaced. It may
 * name facts of the job, as in `/proxies/#{asset.folder}/#{file.stem}.mp4`.
 */
export const outputSchema = z
  .string()
  .min(1)
  .max(4096)
  .superRefine((output, context) => {
    for (const [place, name] of output.matchAll(PLACES))
      if (!isFact(name!) || !place.endsWith("}"))
        context.addIssue({ code: "custom", message: `${quoted(place)} is none of #{${NAMES.join("}, #{")}}` });
  });

/** The path that a job's output comes to. Fails with `path_invalid` when a fact is not known of it, or is no part of a path. */
export async function outputOf(context: Context): Promise<string> {
  const { output } = context.configuration;
  const names = new Set([...output.matchAll(PLACES)].map(([, name]) => name as Fact));
  const values = new Map<string, string>();
  for (const name of names) values.set(name, partOf(name, await FACTS[name](context)));
  // A file right below its media root has no folder.
  return output.replace(PLACES, (_, name: string) => values.get(name)!).replaceAll("/./", "/");
}

function partOf(name: Fact, value: string | undefined): string {
  if (value === undefined) throw failure("path_invalid", `There is no ${name} of this job for its output.`);
  if (name === "asset.folder") return value;
  if (value.includes("/") || value.includes("\0") || value === "." || value === "..")
    throw failure("path_invalid", `The ${name} of this job, ${quoted(value)}, cannot be a part of its output's path.`);
  return value;
}
