import { isCallsheetError } from "@callsheet/contract";
import { z } from "zod";
import type { IsolatedRun } from "./isolated-run.ts";
import type { LogLines } from "./log-lines.ts";
import {
  type ChildMessage,
  childMessageSchema,
  type FinalMessage,
  type HostMessage,
  isFinal,
  type Refusal,
} from "./message.ts";

export interface ConversationEvents {
  readonly send: (message: HostMessage) => void;
  readonly onLoaded: () => void;
  /** The handler said how it ended; nothing that it says later counts. */
  readonly onFinal: (message: FinalMessage) => void;
  /** It said something that it must not say. */
  readonly onNonsense: (why: string) => void;
}

export interface Conversation {
  hear(line: { readonly bytes: Buffer; readonly isCut: boolean }): void;
  /** Resolves when all that the handler asked for has been answered. */
  settled(): Promise<void>;
}

/** Understands what a handler's process says, and does for it what a handler may ask. */
export function createConversation(run: IsolatedRun, logLines: LogLines, events: ConversationEvents): Conversation {
  const pending = new Set<Promise<void>>();
  let isOver = false;

  const answer = (id: number, asked: () => Promise<string | null>) => {
    const work = Promise.resolve()
      .then(asked)
      .then(
        (value) => events.send({ kind: "answer", id, value }),
        (error: unknown) => events.send({ kind: "refusal", id, error: refusalOf(error) }),
      );
    pending.add(work);
    void work.finally(() => pending.delete(work));
  };

  const act = (message: ChildMessage) => {
    if (isFinal(message)) {
      isOver = true;
      return events.onFinal(message);
    }
    switch (message.kind) {
      case "loaded":
        return events.onLoaded();
      case "progress":
        return run.onProgress(message.percent, message.message, message.stats as never);
      case "log":
        return logLines.add(message.level, message.message);
      case "variable":
        return answer(message.id, () => run.setVariable(message.name, message.value as never).then(() => null));
      case "asset":
        return answer(message.id, async () => JSON.stringify(await run.asset()));
      case "facts":
        return answer(message.id, async () => (await run.asset()).setFacts(message.facts as never).then(() => null));
      case "workspace":
        return answer(message.id, run.workspace);
      case "completionToken":
        return answer(message.id, run.completionToken);
      case "publish":
        return answer(message.id, () => run.publish(message.file, message.destination));
      case "undo":
        return answer(message.id, () => run.undo(message.name, message.data as never, message.path).then(() => null));
    }
  };

  return {
    hear: (line) => {
      if (isOver) return;
      const understood = understand(line);
      if ("message" in understood) return act(understood.message);
      isOver = true;
      events.onNonsense(understood.why);
    },
    settled: async () => {
      while (pending.size > 0) await Promise.allSettled(pending);
    },
  };
}

function understand(line: {
  readonly bytes: Buffer;
  readonly isCut: boolean;
}): { message: ChildMessage } | { why: string } {
  if (line.isCut) return { why: "it is too long" };
  let value: unknown;
  try {
    value = JSON.parse(line.bytes.toString("utf8"));
  } catch {
    return { why: "it is no JSON" };
  }
  const parsed = childMessageSchema.safeParse(value);
  return parsed.success ? { message: parsed.data } : { why: z.prettifyError(parsed.error).slice(0, 500) };
}

function refusalOf(error: unknown): Refusal {
  if (isCallsheetError(error)) return { code: error.code, message: error.message, details: error.details };
  return { code: null, message: error instanceof Error ? error.message : String(error) };
}
