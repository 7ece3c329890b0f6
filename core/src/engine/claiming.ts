import type { Code } from "@callsheet/contract";
import type { Claimed } from "../store/claim.ts";
import type { HotPath } from "../store/hot-path.ts";
import type { Keeping } from "./keeping.ts";
import type { Part } from "./part.ts";

/** What a claim brought. */
export interface Claim {
  readonly jobs: readonly Claimed[];
  /** Another claim may find more at once. */
  readonly mayHoldMore: boolean;
  /** The node may take none now, whatever there is. */
  readonly isBarred?: boolean;
  /** Of plain jobs it saw all that waited, and took all that it saw. */
  readonly sawAll?: boolean;
  /** Some may be had after this many milliseconds. */
  readonly againMs?: number;
}

export interface ClaimerOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly name: string;
  /** How many jobs of each owner this node runs. */
  readonly running: () => ReadonlyMap<number, number>;
  readonly site: string;
  /** The code that it has, by type. */
  readonly codes: ReadonlyMap<string, Code>;
  readonly capabilities: ReadonlySet<string>;
  readonly hot: () => Promise<HotPath>;
  readonly keeping: Keeping;
  /** Told when it is time to claim. */
  readonly onHungry: () => void;
}
