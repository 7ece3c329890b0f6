import { parentPort } from "node:worker_threads";
import { beginChecksum, type Checksum } from "./checksum.ts";
import type { Answer, Question } from "./message.ts";

const begun = new Map<number, readonly Checksum[]>();

parentPort?.on("message", (question: Question) => parentPort?.postMessage(answer(question)));

function answer({ id, ask }: Question): Answer {
  const checksums = begun.get(id) ?? [];
  switch (ask.kind) {
    case "begin":
      begun.set(id, ask.algorithms.map(beginChecksum));
      return [];
    case "piece":
      for (const checksum of checksums) checksum.update(ask.piece);
      return [];
    case "digits":
      return checksums.map((checksum) => checksum.digits());
    case "end":
      begun.delete(id);
      return [];
  }
}
