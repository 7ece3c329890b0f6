import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Callsheet, type Environment, systemEnvironment } from "@callsheet/core";
import { expectSound, openTestDatabase, type TestDatabase, until } from "@callsheet/core/testing";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { mediaCapabilities } from "../src/index.ts";
import { found, theFfmpeg } from "./ffmpeg/found.ts";
import { types } from "./fixtures/failing-after-all.mjs";
import { ownDirectory } from "./samples.ts";
import { treeOf } from "./tree.ts";

const IS_FULL = process.env.CALLSHEET_CRASH === "full";
/** One waits for the database while the other works. */
vi.setConfig({ maxConcurrency: 2 });

const own = await ownDirectory();
const film = join(own, "film.mp4");
let capabilities: readonly string[] = [];
beforeAll(async () => {
  vi.stubEnv("CALLSHEET_MEDIA_ROOTS", own);
  vi.stubEnv("CALLSHEET_OUTPUT_ROOTS", own);
  if (found === undefined) return;
  capabilities = await mediaCapabilities({ ffmpeg: found.path });
  const sources = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1"];
  const codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-threads", "1"];
  execFileSync(theFfmpeg().path, ["-nostdin", "-loglevel", "error", ...sources, ...codecs, film]);
});

interface Place {
  readonly root: string;
  at(name: string): string;
}

/** A tree with something to work on, files that are in the way, and one that is nobody's business. */
async function aPlace(): Promise<Place> {
  const root = await mkdtemp(join(own, "tree-"));
  const at = (name: string) => join(root, name);
  for (const name of ["in", "out"]) await mkdir(at(name));
  await writeFile(at("in/clip"), "frames");
  await writeFile(at("in/other"), "others");
  if (found !== undefined) await copyFile(film, at("in/film.mp4"));
  for (const name of ["clip", "film.mp4", "still.jpg", "wave.png"]) await writeFile(at(`out/${name}`), `older ${name}`);
  return { root, at };
}

interface Kind {
  readonly action: string;
  readonly configuration: (place: Place) => Readonly<Record<string, unknown>>;
  /** Which tree there is in the end: the one before, or the one after. */
  readonly end: "before" | "after";
  /** At how many of its effects it is struck: every class of them, or one; none: only when all are asked for. */
  readonly sample: "classes" | "one" | "none";
}

const kind = (end: Kind["end"], action: string, configuration: Kind["configuration"]): Kind => ({
  ...{ action, configuration, end },
  sample: "one",
});
const thorough = (...parts: Parameters<typeof kind>): Kind => ({ ...kind(...parts), sample: "classes" });
/** What is made is put in its place as a poster is. */
const likewise = (...parts: Parameters<typeof kind>): Kind => ({ ...kind(...parts), sample: "none" });
const clip =
  (output: string): Kind["configuration"] =>
  ({ at }) => ({ path: at("in/clip"), output: at(output) });
const made =
  (output: string, more: object = {}): Kind["configuration"] =>
  ({ at }) => ({ path: at("in/film.mp4"), output: at(output), ...more });

const OF_FILES: readonly Kind[] = [
  kind("after", "file.move", clip("out/clip")),
  kind("before", "failing.file.move", clip("out/clip")),
  thorough("before", "failing.file.move", clip("new/deep/clip")),
  thorough("after", "file.delete", ({ at }) => ({ path: at("in/clip") })),
  kind("before", "failing.file.delete", ({ at }) => ({ path: at("in/clip") })),
  thorough("after", "file.copy", clip("out/clip")),
  thorough("before", "failing.file.copy", clip("new/deep/clip")),
  kind("after", "file.checksum", ({ at }) => ({ path: at("in/clip") })),
];
const OF_MEDIA: readonly Kind[] = [
  kind("after", "media.probe", ({ at }) => ({ path: at("in/film.mp4") })),
  kind("after", "media.compare", ({ at }) => ({ path: at("in/film.mp4"), other: at("in/film.mp4") })),
  thorough("after", "media.poster", made("out/still.jpg", { at: 0 })),
  thorough("before", "failing.media.poster", made("new/deep/still.jpg", { at: 0 })),
  likewise("after", "media.contact-sheet", made("new/still.jpg", { columns: 2, rows: 1 })),
  kind("before", "failing.media.contact-sheet", made("out/still.jpg", { columns: 2, rows: 1 })),
  likewise("after", "media.waveform", made("out/wave.png")),
  kind("before", "failing.media.waveform", made("new/wave.png")),
  likewise("after", "media.proxy", made("out/film.mp4")),
  kind("before", "failing.media.proxy", made("new/film.mp4")),
  likewise("after", "media.transcode", made("new/film.mp4", { preset: "h264-720p" })),
  kind("before", "failing.media.transcode", made("out/film.mp4", { preset: "h264-720p" })),
];

const isTried = ({ sample }: Kind) => IS_FULL || sample !== "none";

it("every action type that ships is killed, and those that change files also when they fail", () => {
  const killed = new Set([...OF_FILES, ...OF_MEDIA].map(({ action }) => action));
  const readsOnly = ["file.checksum", "media.probe", "media.compare"].map((type) => `failing.${type}`);
  expect([...killed, ...readsOnly].sort()).toEqual(types.map(({ type }) => type).sort());
});

describe.concurrent("killed before and after its effects, a job leaves the tree before it or the one after it", () => {
  it.for(OF_FILES.filter(isTried))("$action, $end", { timeout: 600_000 }, loop);
  it.for(OF_MEDIA.filter(isTried))("$action, $end", { timeout: 600_000 }, async (one, { skip }) => {
    skip(found === undefined, "no ffmpeg");
    await loop(one);
  });
});

async function loop(one: Kind): Promise<void> {
  // Of its own: a node that goes on with a job must not meet those of others.
  await using database = await openTestDatabase();
  const cs = await Callsheet.open({ databaseUrl: database.url });
  await cs.actions.put({ name: one.action, type: types.find(({ type }) => type === one.action)!, retry: RETRY });
  await cs.close();
  const untouched = await aPlace();
  const before = treeOf(untouched.root).map(withoutTime);
  const { effects } = await perform(database, one, untouched, { how: "", at: 0 });
  const after = treeOf(untouched.root).map(withoutTime);
  const expected = one.end === "before" ? before : after;
  expect(after, "untouched").toEqual(expected);
  let kills = 0;
  for (const point of pointsOf(one, effects)) {
    const place = await aPlace();
    const { isKilled } = await perform(database, one, place, point);
    const what = `killed ${point.how} effect ${point.at}, ${effects[point.at - 1]}`;
    expect(treeOf(place.root).map(withoutTime), what).toEqual(expected);
    if (isKilled) kills += 1;
  }
  console.log(`${one.action}: ${kills} kills, ${effects.length} effects: ${[...new Set(effects)].join(", ")}`);
  expect(kills).toBe(pointsOf(one, effects).length);
  await expectSound(database);
}

const RETRY = { delayMs: 1, jitter: 0 };

interface Point {
  readonly how: string;
  readonly at: number;
}

/** All of them; or the first effect of each class, before and after it in turns; or the last of these. */
function pointsOf({ sample }: Kind, effects: readonly string[]): readonly Point[] {
  if (IS_FULL) return effects.flatMap((_, n) => ["before", "after"].map((how) => ({ how, at: n + 1 })));
  const firsts = [...new Set(effects)].map((name) => effects.indexOf(name) + 1);
  const points = firsts.map((at, n) => ({ how: n % 2 === 0 ? "after" : "before", at }));
  return sample === "classes" ? points : points.slice(-1);
}

/** Each place has files of its own: they were written at another time. */
const withoutTime = (line: string) => line.replace(/ [\d.]+ (?=\w+$)/, " ");

/** Runs a job on a node that is killed at a point, then on another one, to its end and that of its journal. */
async function perform(database: TestDatabase, { action, configuration }: Kind, place: Place, { how, at }: Point) {
  const environment = hurried(systemEnvironment());
  const cs = await Callsheet.open({ databaseUrl: database.url, environment, onError: () => {} });
  const child = spawn(process.execPath, [fileURLToPath(new URL("fixtures/effects-node.mjs", import.meta.url))], {
    env: { ...process.env, ...variablesOf(database, place, { how, at }) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    const exit = once(child, "close").then(() => "killed" as const);
    const job = await cs.jobs.create(action, { configuration: configuration(place) });
    const done = ended(cs, job).then(() => "done" as const);
    done.catch(() => {});
    const isKilled = (await Promise.race([exit, done])) === "killed";
    if (isKilled) await cs.work({ name: "rescuer", types, slots: 1, capabilities });
    await done;
    const lines = output.split("\n").filter((line) => line.startsWith("effect "));
    return { isKilled, effects: lines.map((line) => line.slice("effect ".length)) };
  } finally {
    child.kill("SIGKILL");
    await cs.close();
  }
}

/** Looks for what dead nodes left ten times as often. */
function hurried({ timers, ...environment }: Environment): Environment {
  return { ...environment, timers: { ...timers, after: (ms, call) => timers.after(ms / 10, call) } };
}

function variablesOf({ url }: TestDatabase, { root }: Place, { how, at }: Point): Record<string, string> {
  return {
    ...{ TEST_DATABASE: url, TEST_TREE: root, TEST_NODE: "struck", TEST_HOW: how, TEST_AT: String(at) },
    ...{ TEST_CAPABILITIES: JSON.stringify(capabilities), CALLSHEET_FFMPEG: found?.path ?? "none" },
  };
}

async function ended(cs: Callsheet, job: { readonly id: string }): Promise<void> {
  // A tenth of that: see `hurried`.
  await cs.jobs.wait(job, { timeoutMs: 600_000 });
  const isOver = async () =>
    (await cs.jobs.rollback(job)).entries.every(({ state }) => state === "undone" || state === "kept");
  await until(isOver, { what: "The end of its journal", deadlineMs: 30_000 });
}
