// A process that faults are thrown at: a worker, or the one that creates jobs. What it does it says in one file, in the
// order in which it happens: the witness, which no database can contradict.
import { openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { loadSubject } from "./subjects/index.mjs";

const { part, name, system, url, settings, witness, slots, runMs, everyMs } = JSON.parse(
  process.env.CALLSHEET_BENCH_FAULTS,
);
const subject = await loadSubject(system);
const file = openSync(witness, "a");
const say = (line) => writeSync(file, `${JSON.stringify({ ...line, pid: process.pid, at: Date.now() })}\n`);

if (part === "producer") await produce();
else await work();

async function work() {
  let runs = 0;
  const handle = async (job) => {
    runs += 1;
    const run = `${process.pid}-${runs}`;
    say({ what: "begin", job, run });
    await pause(runMs);
    say({ what: "end", job, run });
  };
  await subject.openWorker(url, { settings, name, slots, handle });
  process.send("ready");
}

/** Creates one job after the other until it is told to stop, and then waits for the answers that are still to come. */
async function produce() {
  const { create } = await subject.openProducer(url, settings);
  let isOver = false;
  process.on("message", () => {
    isOver = true;
  });
  process.send("ready");
  const calls = [];
  for (let job = 0; !isOver; job += 1) {
    const told = create(job).then(
      () => say({ what: "created", job }),
      () => say({ what: "refused", job }),
    );
    calls.push(told);
    await pause(everyMs);
  }
  await Promise.all(calls);
  process.send("done");
}

process.on("disconnect", () => process.exit(0));
