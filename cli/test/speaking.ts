import { until } from "@callsheet/core/testing";
import type { Run } from "./command.ts";

/** A command that is listened to while it runs. */
export interface Speaking extends Run {
  /** Waits until it has written this, on either stream; answers all that it wrote. */
  says(text: string): Promise<string>;
}

export function speaking(run: Run): Speaking {
  let written = "";
  for (const stream of [run.child.stdout!, run.child.stderr!]) {
    stream.on("data", (text: string) => {
      written += text;
    });
  }
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  const says = (text: string) =>
    until(() => (written.includes(text) ? written : isOver ? `It ended: ${written}` : undefined), {
      deadlineMs: 20_000,
      what: `"${text}"`,
    }).then((said) => {
      if (!said.includes(text)) throw new Error(said);
      return said;
    });
  return { ...run, says };
}
