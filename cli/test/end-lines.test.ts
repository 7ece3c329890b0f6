import { PassThrough } from "node:stream";
import type { Job } from "@callsheet/core";
import { describe, expect, it } from "vitest";
import { endLinesOn } from "../src/node/end-lines.ts";
import { type GlobalFlags, Terminal } from "../src/terminal.ts";
import { aJob } from "./a-job.ts";

function aTerminal(flags: GlobalFlags = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdin: new PassThrough(), stdout, stderr } as unknown as Pick<
    NodeJS.Process,
    "stdin" | "stdout" | "stderr"
  >;
  const terminal = new Terminal({ ...streams, variables: {}, signal: new AbortController().signal });
  terminal.flags = flags;
  return { terminal, out: () => String(stdout.read() ?? ""), err: () => String(stderr.read() ?? "") };
}

const named = (id: string, fields: Partial<Job> = {}): Job => ({ ...aJob(fields), id });
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `job${from + index}`);

describe("lines of ends", () => {
  it("tell each job once, with its error, and cannot steer a terminal", async () => {
    const { terminal, out } = aTerminal();
    const error = { code: "not_media", message: "evil\u001b[2J" };
    const lines = endLinesOn(terminal, async (all) => all.map((id) => named(id, { state: "failed", error })));
    lines.tell(["one"]);
    lines.tell(["two"]);
    await lines.flush();
    const written = out();
    expect(written.match(/^failed {2}.+ {2}not_media: evil\\u\{1b\}\[2J$/gm)).toHaveLength(2);
    expect(written).toMatch(/one.*\n.*two/);
  });

  it("that come faster than they are read are counted instead, so that jobs go first", async () => {
    const { terminal, out, err } = aTerminal({ jsonl: true });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const lines = endLinesOn(terminal, async (all) => {
      await gate;
      return all.map((id) => named(id));
    });
    lines.tell(["first"]);
    lines.tell(ids(250));
    open();
    await lines.flush();
    expect(out().trim().split("\n")).toHaveLength(201);
    expect(err()).toBe("50 more jobs ended in this moment.\n");
  });

  it("are not read when nobody wants them, and a failed reading is said, not thrown", async () => {
    const quiet = aTerminal({ quiet: true });
    const none = endLinesOn(quiet.terminal, () => Promise.reject(new Error("was read")));
    none.tell(["one"]);
    await none.flush();
    expect(quiet.out() + quiet.err()).toBe("");
    const { terminal, err } = aTerminal();
    const failing = endLinesOn(terminal, () => Promise.reject(new Error("no database")));
    failing.tell(["one"]);
    await failing.flush();
    expect(err()).toContain("no database");
  });
});
