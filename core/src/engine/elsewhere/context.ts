import { callsheetError, type ElsewhereContext, type JobLog, type Json } from "@callsheet/contract";
import { storableJson, storableText } from "../../operations/configuration.ts";
import type { TakenElsewhere } from "../../store/elsewhere.ts";
import type { Store } from "../../store/store.ts";
import { redactJson, redactStats } from "../secrets/redact-end.ts";
import type { Redactor } from "../secrets/redactor.ts";

/** What a function said while it looked after work elsewhere. */
export interface SaidOfWork {
  progress: { readonly percent: number; readonly message: string | null; readonly stats: string | null } | undefined;
  readonly lines: { readonly level: string; readonly message: string }[];
}

/** What such a function sees is made of. */
export interface Looking {
  readonly store: Store;
  readonly taken: TakenElsewhere;
  readonly job: ElsewhereContext["job"];
  readonly configuration: unknown;
  readonly redactor: Redactor | undefined;
  readonly signal: AbortSignal;
}

const LONGEST_TEXT = 8_192;

/** Makes the context of a function that looks after work elsewhere. What it says is kept in `said` until it has ended. */
export function elsewhereContext(looking: Looking, said: SaidOfWork): ElsewhereContext {
  const { store, taken, job, configuration, redactor, signal } = looking;
  const { id, token, target, attempt, state } = taken;
  const values = { ...(taken.variables as Record<string, Json> | null) };
  const clean = (text: unknown) => {
    const cut = redactor?.cut(String(text)) ?? String(text);
    return cut.slice(0, LONGEST_TEXT).replaceAll("\0", "\u2400").toWellFormed();
  };
  const write = (level: string) => (message: string) => void said.lines.push({ level, message: clean(message) });
  return {
    ...{ job, configuration, target, attempt, fencing: token, signal, isOverdue: state === "timed_out" },
    progress: (percent, message, stats) => {
      const told = redactor ? redactStats(redactor, stats) : (stats ?? null);
      said.progress = {
        percent: Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0,
        message: message === undefined ? null : clean(message),
        stats: told === null ? null : storableJson(told, "stats"),
      };
    },
    log: { info: write("info"), warn: write("warn"), error: write("error") } satisfies JobLog,
    variables: {
      get: (name) => values[name],
      all: () => ({ ...values }),
      set: async (name, value) => {
        const key = storableText(name, "variable", 100);
        const text = storableJson(value, `variable ${key}`);
        const kept = redactor ? redactJson(redactor, text) : text;
        if (!(await store.putVariable(id, token, key, kept)))
          throw callsheetError("stale_attempt", `Job ${id} does not count on this attempt any more.`, { id });
        values[key] = JSON.parse(kept) as Json;
      },
    },
  };
}
