// Hashes and copies one large file, by Callsheet's handlers and by the tools of the system, in turns, and prints medians
// side by side. It asserts nothing. `npm run bench:files -- --megabytes 2000 --rounds 3 --directory DIR --json FILE`
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { mediaActions } from "@callsheet/actions";
import { describe } from "./machine/describe.mjs";
import { median } from "./measure/statistics.mjs";
import { readable, textTable } from "./measure/table.mjs";

const { values: options } = parseArgs({
  options: {
    megabytes: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
    directory: { type: "string", default: tmpdir() },
    json: { type: "string" },
  },
});
const bytes = Number(options.megabytes) * 1e6;
const rounds = Number(options.rounds);
if (!(bytes > 0 && rounds > 0)) {
  console.error("--megabytes and --rounds are numbers above 0.");
  process.exit(2);
}

const directory = mkdtempSync(join(options.directory, "callsheet-bench-files-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
const source = join(directory, "source");
const output = join(directory, "copy");
const types = mediaActions({ roots: [directory], outputRoots: [directory] });

const shell = (script) => () => execFileSync("sh", ["-c", script, "sh", source, output], { stdio: "ignore" });
const handler = (type, configuration) => () => run(types[type], { path: source, ...configuration });

/** What is measured, and the way of the shell to the same end that it is compared with. */
const COURSES = [
  { name: "sha256sum", run: shell('sha256sum "$1"') },
  { name: "file.checksum", run: handler("fileChecksum", {}), beside: "sha256sum" },
  { name: "cat", run: shell('cat "$1" > "$2"') },
  { name: "cat, sync", run: shell('cat "$1" > "$2" && sync "$2"') },
  { name: "cat, sync, sha256sum", run: shell('cat "$1" > "$2" && sync "$2" && sha256sum "$1"') },
  { name: "file.copy (size)", run: handler("fileCopy", { output, verify: "size" }), beside: "cat, sync, sha256sum" },
  { name: "cat, sync, sha256sum of both", run: shell('cat "$1" > "$2" && sync "$2" && sha256sum "$1" "$2"') },
  {
    name: "file.copy (checksum)",
    run: handler("fileCopy", { output, verify: "checksum" }),
    beside: "cat, sync, sha256sum of both",
  },
];

makeSource();
const taken = new Map(COURSES.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const course of COURSES) taken.get(course.name).push(await measure(course));
}
report();

/** A handler on its own, as a node would enter it. What it publishes appears at once. */
async function run(type, configuration) {
  await type.run({
    job: { id: "bench", action: "bench", type: type.type, owner: "bench", tags: [], retries: 0 },
    configuration: type.configuration.parse(configuration),
    target: null,
    attempt: 1,
    signal: new AbortController().signal,
    progress: () => {},
    log: { info: () => {}, warn: () => {}, error: () => {} },
    variables: { get: () => undefined, set: async () => {}, all: () => ({}) },
    workspace: async () => directory,
    publish: async (file, destination) => {
      renameSync(file, destination);
      return destination;
    },
  });
}

async function measure(course) {
  rmSync(output, { force: true });
  // What an earlier course left to be written must not be paid for by this one.
  execFileSync("sync");
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  await course.run();
  const seconds = (performance.now() - startedAt) / 1_000;
  clearInterval(watch);
  delay.disable();
  return {
    seconds,
    grownMb: (most - before) / 1e6,
    longestDelayMs: delay.max / 1e6,
    delayMs: delay.percentile(99) / 1e6,
  };
}

function makeSource() {
  const piece = randomBytes(16 * 1024 * 1024);
  const file = openSync(source, "w");
  for (let written = 0; written < bytes; )
    written += writeSync(file, piece, 0, Math.min(piece.length, bytes - written));
  closeSync(file);
}

function report() {
  const secondsOf = (name) => median(taken.get(name).map(({ seconds }) => seconds));
  const rows = COURSES.map(({ name, beside }) => {
    const own = taken.get(name);
    const of = (figure) => (beside === undefined ? null : median(own.map((one) => one[figure])));
    return {
      name,
      seconds: secondsOf(name),
      mbPerSecond: bytes / 1e6 / secondsOf(name),
      beside: beside ?? null,
      ratio: beside === undefined ? null : secondsOf(beside) / secondsOf(name),
      grownMb: of("grownMb"),
      loopDelayP99Ms: of("delayMs"),
      loopDelayMaxMs: of("longestDelayMs"),
    };
  });
  const result = { ...describe({ directory, servers: [], systems: [] }), megabytes: bytes / 1e6, rounds, rows };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  else console.log(JSON.stringify(result));
  const head = ["what", "seconds", "MB/s", "of the shell's speed", "memory +MB", "loop p99 ms", "loop max ms"];
  const cells = rows.map((row) => [
    row.name,
    ...[row.seconds, row.mbPerSecond].map(readable),
    row.ratio === null ? "" : `${Math.round(row.ratio * 100)} %`,
    ...[row.grownMb, row.loopDelayP99Ms, row.loopDelayMaxMs].map((figure) => (figure === null ? "" : readable(figure))),
  ]);
  console.log(textTable(head, cells));
}
