import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { aWitness } from "../fixtures/child.ts";
import type { Said } from "./judge.ts";

/** The file in which handlers of all processes speak, read as it grows. */
export interface Witness {
  readonly file: string;
  /** All that was said by now. */
  said(): readonly Said[];
  /** Attempts that began in this process and have not ended by now. */
  inFlight(pid: number): number;
}

export function openWitness(): Witness {
  const { file } = aWitness();
  writeFileSync(file, "");
  const open = openSync(file, "r");
  onTestFinished(() => closeSync(open));
  const said: Said[] = [];
  const running = new Map<number, number>();
  const chunk = Buffer.alloc(1 << 16);
  let rest = "";
  const readOn = () => {
    for (let size = readSync(open, chunk); size > 0; size = readSync(open, chunk)) {
      const lines = (rest + chunk.toString("utf8", 0, size)).split("\n");
      rest = lines.pop()!;
      for (const text of lines) {
        const line = JSON.parse(text) as Said;
        said.push(line);
        const change = line.what === "begin" ? 1 : line.what === "end" ? -1 : 0;
        running.set(line.pid, (running.get(line.pid) ?? 0) + change);
      }
    }
    return said;
  };
  return {
    file,
    said: readOn,
    inFlight: (pid) => {
      readOn();
      return running.get(pid) ?? 0;
    },
  };
}
