import { z } from "zod";
import { type Code, understands } from "./code.ts";

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
  /** The version of their type's code that checked them; absent: 1. */
  readonly version?: number;
  /** They are members of groups, which count them: a node that starts them has to say whose they are. */
  readonly members?: true;
}

/** What a node has for a lane's jobs: the code of their type, if it has that, and its capabilities. */
export interface Means {
  readonly code: Code | undefined;
  readonly capabilities: ReadonlySet<string>;
}

/** Those needed capabilities that are not there, in order. */
export function missingCapabilities(needs: Needs, capabilities: ReadonlySet<string>): readonly string[] {
  return (needs.capabilities ?? []).filter((name) => !capabilities.has(name));
}

const KNOWN_NEEDS: ReadonlySet<string> = new Set<keyof Needs>(["capabilities", "units", "locks", "version", "members"]);

/** Needs that this release of Callsheet does not know of: it cannot meet them. */
export function unknownNeeds(needs: Needs): readonly string[] {
  return Object.keys(needs).filter((need) => !KNOWN_NEEDS.has(need));
}

/** Whether a node can run jobs that need this. */
export function canMeet(needs: Needs, { code, capabilities }: Means): boolean {
  const isUnderstood = code !== undefined && understands(code, needs.version);
  return isUnderstood && unknownNeeds(needs).length === 0 && missingCapabilities(needs, capabilities).length === 0;
}
