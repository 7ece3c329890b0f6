import { z } from "zod";

/** What a node can have and a job can need, such as `ffmpeg.encoder.libx265`. Written in any case, kept in lower case. */
export const capabilitySchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(100)
  .regex(
    /^[a-z0-9][a-z0-9._:+-]*$/,
    "letters, digits, dots, dashes, underscores, colons and plus signs, beginning with a letter or digit",
  );

const listOf = (most: number) =>
  z
    .array(capabilitySchema)
    .max(most)
    .overwrite((names) => [...new Set(names)].sort());

/** What one job needs: at most 100 names, each once, in order. */
export const requirementsSchema = listOf(100);
/** What one node has: at most 10,000 names, each once, in order. A tool may have thousands of parts. */
export const capabilitiesSchema = listOf(10_000);

/** What a lane's jobs need of the node that runs them, as stored. */
export interface Needs {
  readonly capabilities?: readonly string[];
  /** Units of resources by name, or by tag (`#tag`): any started resource that carries it. */
  readonly units?: Readonly<Record<string, number>>;
  /** They lock objects: `job.locks` says which. */
  readonly locks?: true;
  /** They are members of groups, which count them: a node that starts them has to say whose they are. */
  readonly members?: true;
}

/** Those needed capabilities that are not there, in order. */
export function missingCapabilities(needs: Needs, capabilities: ReadonlySet<string>): readonly string[] {
  return (needs.capabilities ?? []).filter((name) => !capabilities.has(name));
}

const KNOWN_NEEDS: ReadonlySet<string> = new Set<keyof Needs>(["capabilities", "units", "locks", "members"]);

/** Whether a node with these capabilities can meet the needs. What this version does not know of cannot be met. */
export function canMeet(needs: Needs, capabilities: ReadonlySet<string>): boolean {
  const isKnown = Object.keys(needs).every((need) => KNOWN_NEEDS.has(need));
  return isKnown && missingCapabilities(needs, capabilities).length === 0;
}
