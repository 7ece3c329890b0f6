import type { Authority } from "@callsheet/contract";
import type { Writer } from "../../store/assets.ts";
import type { Store } from "../../store/store.ts";
import type { MediaRoots } from "./roots.ts";
import type { Folders } from "./walk.ts";

/** What operations on the catalogue of media work with. */
export interface MediaDesk {
  readonly store: Store;
  readonly roots: MediaRoots;
  readonly files: Folders;
  readonly newId: () => string;
}

export const writerOf = ({ actor, reason }: Authority): Writer => ({ actor, reason: reason ?? null });
