import { z } from "zod";

/** A version of an action type's code: it counts up from 1. */
export const codeVersionSchema = z.int().min(1).max(2_147_483_647);

/** The code of an action type that a node has, as it announces it. */
export interface Code {
  readonly version: number;
  /** The oldest version whose jobs it runs. Default 1: all that went before. */
  readonly readsFrom?: number | null;
}

/** Whether code understands a job that needs this version: its own, or an older one that it still reads. Default 1. */
export function understands({ version, readsFrom }: Code, wanted = 1): boolean {
  return wanted <= version && wanted >= (readsFrom ?? 1);
}
