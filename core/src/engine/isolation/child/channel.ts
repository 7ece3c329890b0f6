import { Socket } from "node:net";
import { createLineReader } from "../line-reader.ts";
import { type ChildMessage, type HostMessage, MAX_MESSAGE_BYTES } from "../message.ts";
import { endGroup } from "./end-group.ts";

export interface Channel {
  send(message: ChildMessage): void;
  /** Asks the host for something; rejects with what it answered instead. */
  ask(
    question:
      | { readonly kind: "variable"; readonly name: string; readonly value: unknown }
      | { readonly kind: "asset" }
      | { readonly kind: "facts"; readonly facts: unknown }
      | { readonly kind: "workspace" }
      | { readonly kind: "publish"; readonly file: string; readonly destination: string }
      | { readonly kind: "undo"; readonly name: string; readonly data: unknown; readonly path: string | null },
  ): Promise<string | null>;
}

type Answer = Extract<HostMessage, { readonly kind: "answer" | "refusal" }>;

/** Opens the channel to the host. When the host is gone, this process ends. */
export function openChannel(
  descriptor: number,
  handlers: {
    readonly onMessage: (message: Exclude<HostMessage, Answer>) => void;
    readonly makeError: (refusal: Extract<HostMessage, { readonly kind: "refusal" }>["error"]) => Error;
  },
): Channel {
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  const asked = new Map<number, { resolve: (value: string | null) => void; reject: (error: Error) => void }>();
  let lastId = 0;

  const hear = (message: HostMessage) => {
    if (message.kind === "start" || message.kind === "abort") return handlers.onMessage(message);
    const question = asked.get(message.id);
    asked.delete(message.id);
    if (message.kind === "answer") question?.resolve(message.value);
    else question?.reject(handlers.makeError(message.error));
  };
  const lines = createLineReader(Number.POSITIVE_INFINITY, ({ bytes }) => hear(JSON.parse(bytes.toString("utf8"))));
  socket.on("data", (chunk: Buffer) => lines.push(chunk));
  for (const event of ["end", "close", "error"]) socket.on(event, endGroup);

  const send = (message: ChildMessage) => {
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) throw tooLarge();
    socket.write(`${text}\n`);
  };
  return {
    send,
    ask: (question) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        send({ ...question, id: lastId } as ChildMessage);
        asked.set(lastId, { resolve, reject });
      }),
  };
}

function tooLarge(): Error {
  const error = new Error(`More than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB at once: store large data in a file.`);
  return Object.assign(error, { code: "payload_too_large" });
}
