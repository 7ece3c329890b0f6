import { z } from "zod";
import type { EntryCall } from "./isolated-run.ts";

/** The longest message that a handler's process may send, in bytes. Above what any stored result may measure. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** What the host says to the handler's process. One JSON text a line. */
export type HostMessage =
  /** `context` is a structured clone in base64: a configuration may hold what JSON cannot, such as dates. */
  | {
      readonly kind: "start";
      readonly module: string;
      readonly type: string;
      readonly context: string;
      readonly entry?: EntryCall;
    }
  | { readonly kind: "abort"; readonly reason: string }
  | { readonly kind: "answer"; readonly id: number; readonly value: string | null }
  | { readonly kind: "refusal"; readonly id: number; readonly error: Refusal };

/** Why the host did not do what a handler asked. `next` is there when it was an error of the catalogue. */
export interface Refusal {
  readonly code: string | null;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

// JSON leaves out a field whose value it cannot carry, such as a function.
const json = z.unknown().default(null);
const jsonObject = z.record(z.string(), z.unknown());
const instant = z
  .string()
  .max(40)
  .refine((text) => !Number.isNaN(Date.parse(text)), "not an instant");
const problem = z.strictObject({ path: z.string().optional(), message: z.string() });
const thrown = z.strictObject({
  code: z.string().min(1).max(100),
  message: z.string().max(8_192),
  stack: z.string().max(32_768).optional(),
  data: z.unknown().optional(),
});

/** What a handler's process may say. It runs code that nobody vouches for: whatever does not fit ends the process. */
export const childMessageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("loaded") }),
  z.strictObject({ kind: z.literal("not_startable"), message: z.string().max(8_192) }),
  z.strictObject({
    kind: z.literal("progress"),
    percent: z.number().min(0).max(100),
    message: z.string().max(8_192).nullable(),
    stats: jsonObject.nullable(),
  }),
  z.strictObject({ kind: z.literal("log"), level: z.enum(["info", "warn", "error"]), message: z.string() }),
  z.strictObject({ kind: z.literal("variable"), id: z.int().min(1), name: z.string(), value: json }),
  z.strictObject({ kind: z.literal("asset"), id: z.int().min(1) }),
  z.strictObject({ kind: z.literal("facts"), id: z.int().min(1), facts: json }),
  z.strictObject({ kind: z.literal("workspace"), id: z.int().min(1) }),
  z.strictObject({ kind: z.literal("publish"), id: z.int().min(1), file: z.string(), destination: z.string() }),
  z.strictObject({
    ...{ kind: z.literal("undo"), id: z.int().min(1), name: z.string(), data: json, path: z.string().nullable() },
  }),
  z.strictObject({ kind: z.literal("returned"), value: json }),
  z.strictObject({ kind: z.literal("partial"), output: json, problems: z.array(problem) }),
  z.strictObject({ kind: z.literal("snoozed"), until: instant }),
  z.strictObject({ kind: z.literal("threw"), error: thrown }),
]);
export type ChildMessage = z.output<typeof childMessageSchema>;

/** The messages that say how the handler ended; the first one counts. */
export type FinalMessage = Extract<
  ChildMessage,
  { readonly kind: "returned" | "partial" | "snoozed" | "threw" | "not_startable" }
>;

export function isFinal(message: ChildMessage): message is FinalMessage {
  return ["returned", "partial", "snoozed", "threw", "not_startable"].includes(message.kind);
}
