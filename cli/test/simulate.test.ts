import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type FacilityDay, readDay } from "@callsheet/contract";
import { openTestDatabase } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare } from "../src/simulate/comparison.ts";
import { reportText } from "../src/simulate/report-text.ts";
import { callsheet, callsheetWith } from "./command.ts";
import { echo } from "./play.ts";
import { CHROMIUM, openChromium } from "./report/chromium.ts";

let own: string;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
});
afterAll(() => removeTemporary(own));

const simulated = (...args: readonly string[]) => callsheet("simulate", ...args).ended;
const job = (minute: number, fields: object = {}) => ({
  job: {
    at: new Date(Date.UTC(2026, 0, 1, 8, minute)).toISOString(),
    durationMs: 600_000,
    action: "proxy",
    needs: { transcode: 1 },
    ...fields,
  },
});
const LINES = [
  { node: { name: "one", slots: 4 } },
  { resource: { name: "transcode", capacity: 1 } },
  job(0),
  job(0),
  job(0, { owner: "ada" }),
];
const fileOf = async (name: string, lines: readonly object[]) => {
  const file = join(own, name);
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return file;
};

describe("callsheet simulate", () => {
  it("replays a file as it was and with other capacities", async () => {
    const file = await fileOf("day.jsonl", LINES);
    const { exitCode, stdout, stderr } = await simulated(file, "--set", "transcode=3", "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { asItWas, change, changed } = JSON.parse(stdout);
    expect(change).toBe("transcode=3");
    expect(asItWas.waits.all).toEqual({ name: "all", jobs: 3, p50Ms: 600_000, p90Ms: 1_200_000, maxMs: 1_200_000 });
    expect(changed.waits.all).toEqual({ name: "all", jobs: 3, p50Ms: 0, p90Ms: 0, maxMs: 0 });
    const alone = JSON.parse((await simulated(file, "--json")).stdout);
    expect(alone).toEqual({ asItWas, change: null, changed: null });
  });

  it("makes a day up, saves it, and replays it from there as the same", async () => {
    const file = join(own, "made-up.jsonl");
    const made = await simulated("--made-up", "200", "--seed", "7", "--save", file, "--json");
    expect(made.exitCode).toBe(0);
    expect((await simulated(file, "--json")).stdout).toBe(made.stdout);
    expect((await simulated("--made-up", "200", "--seed", "8", "--json")).stdout).not.toBe(made.stdout);
  });

  it("records a day of the database", async () => {
    await using database = await openTestDatabase();
    const cs = await database.open();
    await cs.actions.put({ name: "quick", type: echo });
    const made = await cs.jobs.createMany("quick", [{ owner: "ada" }, { owner: "grace" }]);
    await cs.work({ name: "one", types: [echo], slots: 2 });
    for (const { id } of made) await cs.jobs.wait(id);
    await cs.close();
    const file = join(own, "recorded.jsonl");
    const of = (...args: readonly string[]) => callsheetWith({ DATABASE_URL: database.url }, "simulate", ...args).ended;
    const { exitCode, stdout } = await of(
      "--from",
      "2020-01-01",
      "--to",
      "2100-01-01T00:00Z",
      "--save",
      file,
      "--json",
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).asItWas.waits.owner.map(({ name }: { name: string }) => name)).toEqual(["ada", "grace"]);
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(readDay(lines.map((line) => JSON.parse(line)))).toMatchObject({
      nodes: [{ name: "one", slots: 2 }],
      jobs: [{}, {}],
    });
    const none = await of("--from", "2020-01-01");
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("There is no job in that day.") });
  });

  it.each([
    [[], "There must be one day to replay."],
    [["--made-up", "5", "--from", "2026-01-01"], "There must be one day to replay."],
    [["--to", "2026-01-01", "--made-up", "5"], "--to needs --from."],
    [["--made-up", "5", "--set", "transcode"], "It must be a name and a whole number: transcode=4."],
    [
      ["--made-up", "5", "--set", "trancode=4"],
      'The day has no resource "trancode"; it has transcode, storage, uplink.',
    ],
    [["--made-up", "5", "--from", "monday"], "It must be a moment"],
  ])("refuses %j, and says why", async (args, problem) => {
    const { exitCode, stdout, stderr } = await simulated(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(problem);
  });

  it("says which line of a file cannot be used", async () => {
    const bad = await simulated(await fileOf("bad.jsonl", [...LINES, job(1, { durationMs: "long" })]));
    expect(bad).toMatchObject({ exitCode: 2, stdout: "" });
    expect(bad.stderr).toContain("Line 6 of the day cannot be used: job.durationMs: ");
    const nowhere = await simulated(await fileOf("nodeless.jsonl", LINES.slice(1)));
    expect(nowhere.stderr).toContain("No node ran in that day. (usage)\nSay with --slots how much ran at once.");
    const made = await simulated(join(own, "nodeless.jsonl"), "--slots", "4", "--json");
    expect(JSON.parse(made.stdout)).toMatchObject({ changed: null, asItWas: { waits: { all: { jobs: 3 } } } });
  });
});

describe("for people", () => {
  const day = (): FacilityDay => readDay([...LINES, job(30, { needs: { none: 1 }, action: "lost" })]);

  it("there is a table of waits, and a bar for each part of the time", () => {
    const text = reportText(compare(day(), { set: { transcode: 3, "action/proxy": 2 } }), 100);
    expect(text).toMatch(/^4 jobs, 2026-01-01 .+\nWith transcode=3, action\/proxy=2 the last job ends at /);
    expect(text).toMatch(/^Waits of +Jobs +Half +then +9 in 10 +then +Longest +then$/m);
    expect(text).toMatch(/^all +3 +10:00 +0 ms +20:00 +10:00 +20:00 +10:00$/m);
    expect(text).toMatch(/^owner ada +1 +20:00 +10:00/m);
    expect(text).toMatch(/^transcode +1\.0 of 1, 100 % {2}█+$/m);
    expect(text).toMatch(/^ {2}then +1\.5 of 3, 50 % {2}[▁-█]+$/m);
    expect(text).toMatch(/^action\/proxy +1\.5 of 2, 75 %/m);
    expect(text).toContain("Never started, for want of what they need: 1 of lost.");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe("the picture", () => {
  it("is an SVG with a row for everything, which a browser shows on light and on dark", async (context) => {
    const svg = join(own, "day.svg");
    const { exitCode } = await simulated(
      "--made-up",
      "300",
      "--set",
      "transcode=9",
      "--slots",
      "5",
      "--svg",
      svg,
      "--quiet",
    );
    expect(exitCode).toBe(0);
    const markup = await readFile(svg, "utf8");
    for (const name of ["waiting jobs", "slots", "transcode", "storage", "uplink"])
      expect(markup).toContain(`>${name}</text>`);
    expect(markup).not.toContain("NaN");
    context.skip(CHROMIUM === undefined, "no chromium");
    const browser = await openChromium(CHROMIUM!);
    const paper: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ colorScheme });
      await page.goto(pathToFileURL(svg).href);
      expect(await page.evaluate("document.documentElement.nodeName")).toBe("svg");
      expect(await page.evaluate<number>("document.querySelectorAll('path.area').length")).toBe(5);
      paper.push(await page.evaluate<string>("getComputedStyle(document.querySelector('rect')).fill"));
    }
    expect(new Set(paper).size).toBe(2);
    await browser.close();
  });

  it("that cannot be written is an error", async () => {
    const { exitCode, stderr } = await simulated("--made-up", "5", "--svg", join(own, "none", "day.svg"));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/day\.svg cannot be written: ENOENT\. \(file_unwritable\)\nCheck its folder/);
  });
});
