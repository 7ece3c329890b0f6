import type { Labels } from "@callsheet/contract";

/** What the command line says of a node. */
export interface NodeFlags {
  readonly name?: string;
  readonly site?: string;
  readonly label?: Labels;
  /** How long it waits for what runs when it is told to stop, in milliseconds. */
  readonly grace?: number;
  readonly slots?: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly media?: readonly string[];
  readonly output?: readonly string[];
  readonly types?: readonly string[];
  readonly plugin?: readonly string[];
  /** The user of this machine that it becomes before anything else. */
  readonly user?: string;
}
