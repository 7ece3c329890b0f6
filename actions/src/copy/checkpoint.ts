import type { JobContext } from "@callsheet/contract";
import { z } from "zod";
import type { Destination } from "../destination.ts";
import type { SourceFile } from "../source-file.ts";

const VARIABLE = "copy";

const checkpointSchema = z.strictObject({
  /** What is copied where: with another source, or one that was written to, nothing of it can be used. */
  errand: z.string(),
  /** The partial file, and how many of its bytes were right, by their SHA-256. */
  file: z.string(),
  bytes: z.int().min(0),
  sha256: z.string(),
  /** Whoever wrote it has closed it and will not write again. */
  isLetGo: z.boolean(),
});
export type Checkpoint = z.output<typeof checkpointSchema>;

/** Names a copy: the source as it is now, and the destination. */
export function errandOf({ path, facts }: SourceFile, destination: Destination): string {
  return JSON.stringify([path, facts.dev, facts.ino, facts.size, facts.mtimeNs, destination.path].map(String));
}

/** How far earlier attempts of this job came with this errand. */
export function lastCheckpoint({ variables }: JobContext, errand: string): Checkpoint | undefined {
  const { data } = checkpointSchema.safeParse(variables.get(VARIABLE));
  return data?.errand === errand ? data : undefined;
}

/**
 * Keeps how far this attempt came. Fails with `stale_attempt` when another one has taken over, so that of all that were told
 * "it is let go" only one can go on.
 */
export async function keepCheckpoint({ variables }: JobContext, checkpoint: Checkpoint): Promise<void> {
  await variables.set(VARIABLE, checkpoint);
}
