import { elsewhere, failed, type Json, partial, snooze } from "@callsheet/contract";
import type { FinalMessage } from "./message.ts";

/** How a handler in a process of its own ended. */
export type IsolatedOutcome =
  /** Plain JSON, or an outcome such as `partial(…)`. */
  | { readonly kind: "returned"; readonly value: unknown }
  | {
      readonly kind: "threw";
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly stack?: string;
        readonly data?: Json;
      };
    }
  | { readonly kind: "died"; readonly code: DeathCode; readonly message: string };

export type DeathCode =
  | "handler_exited"
  | "handler_killed"
  | "handler_out_of_memory"
  | "handler_out_of_time"
  | "handler_start_failed";

/** Why the host itself ended the process; `message` says it to people. */
export interface HostKill {
  readonly code: DeathCode;
  readonly message: string;
}

/** All that is known of a process that has ended. */
export interface Ending {
  readonly final: FinalMessage | undefined;
  readonly hostKill: HostKill | undefined;
  /** Whether the handler's module had been loaded. */
  readonly isLoaded: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Whether the runtime said that its heap was full. */
  readonly isHeapFull: boolean;
}

/** What the end of a process means. A word of the handler counts more than how its process ended afterwards. */
export function outcomeOf(ending: Ending): IsolatedOutcome {
  if (ending.final !== undefined) return outcomeOfMessage(ending.final);
  if (ending.hostKill !== undefined) return { kind: "died", ...ending.hostKill };
  if (ending.isHeapFull)
    return died("handler_out_of_memory", "The handler's process used up its heap and was ended by the runtime.");
  const how =
    ending.signal === null ? `exited with code ${ending.exitCode}` : `was ended by the signal ${ending.signal}`;
  if (!ending.isLoaded)
    return died("handler_start_failed", `The handler's process ${how} before its module was loaded.`);
  const code = ending.signal === null ? "handler_exited" : "handler_killed";
  return died(code, `The handler's process ${how} before the handler returned.`);
}

function outcomeOfMessage(message: FinalMessage): IsolatedOutcome {
  switch (message.kind) {
    case "returned":
      return { kind: "returned", value: message.value };
    case "partial":
      return { kind: "returned", value: partial(message.output as Json, message.problems.map(withoutUndefined)) };
    case "snoozed":
      return { kind: "returned", value: snooze(new Date(message.until)) };
    case "left":
      return { kind: "returned", value: elsewhere(message.handle as Json) };
    case "failed": {
      const { code, message: text, data } = message.error;
      return { kind: "returned", value: failed(code, text, data as Json | undefined) };
    }
    case "threw":
      return { kind: "threw", error: withoutUndefined(message.error) as { code: string; message: string } };
    case "not_startable":
      return died("handler_start_failed", message.message);
  }
}

export function died(code: DeathCode, message: string): IsolatedOutcome {
  return { kind: "died", code, message };
}

function withoutUndefined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as never;
}
