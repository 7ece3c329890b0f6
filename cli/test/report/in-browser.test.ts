import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import axe, { type AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderPage } from "../../src/report/page.ts";
import type { Report } from "../../src/report/report-data.ts";
import { readStylesheet } from "../../src/report/stylesheet.ts";
import { findSamples } from "../../src/samples.ts";
import { aGroup, anAmendedJob, anOverrunJob, aReport, aReportFile, aReportJob, aTimed, DOT } from "./a-report.ts";
import { CHROMIUM, openChromium } from "./chromium.ts";

const HOSTILE = `"><script>document.title = "owned"</script><img src=x onerror="document.title = 'owned'">'&\u202e.mp4`;

let own: string;
let browser: Browser | undefined;
beforeAll(async () => {
  own = await makeTemporaryDirectory();
  // A player that is too large for the report is a file beside it.
  await mkdir(join(own, "proxies"));
  await copyFile(join(findSamples(), "dog.mp4"), join(own, "proxies", "dog.mp4"));
  if (CHROMIUM !== undefined) browser = await openChromium(CHROMIUM);
});
afterAll(async () => {
  await browser?.close();
  await removeTemporary(own);
});

/** Every part that a page can have, with texts that would break out of it if they could. */
function fullReport(): Report {
  const waited = { reason: "resource_full", sentence: HOSTILE, blockers: [aReportJob().id] } as const;
  const waiting = { state: "pending", attempts: [], waitsFor: HOSTILE } as const;
  return aReport({
    files: [
      aReportFile({ player: { kind: "video", source: "proxies/dog.mp4" } }),
      aReportFile({ name: HOSTILE, kind: "image", proxy: null, contactSheet: null, waveform: null, likeness: null }),
      aReportFile({ name: "speech.mp3", kind: "audio", poster: null, player: { kind: "audio", source: DOT.source } }),
      aReportFile({ name: "broken.mp4", kind: null, source: null, proxy: null, poster: null, waveform: null }),
    ],
    jobs: [
      aReportJob(),
      aReportJob({ file: HOSTILE, action: "poster", waited }),
      anAmendedJob(),
      anOverrunJob(),
      aReportJob(waiting),
    ],
    groups: [aGroup({ action: HOSTILE })],
    timed: [aTimed({ file: HOSTILE })],
    notes: [HOSTILE],
  });
}

interface Opened {
  readonly page: Page;
  /** What the page said to the console, and what it asked for beyond itself. */
  readonly complaints: string[];
}

async function openReport(view: { readonly width: number; readonly colorScheme: "light" | "dark" }): Promise<Opened> {
  const file = join(own, "report.html");
  await writeFile(file, renderPage(fullReport(), await readStylesheet()));
  const page = await browser!.newPage({
    viewport: { width: view.width, height: 900 },
    colorScheme: view.colorScheme,
  });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
}

describe.each([
  { width: 360, colorScheme: "light" },
  { width: 800, colorScheme: "dark" },
  { width: 1600, colorScheme: "light" },
] as const)("the report in a browser, $width wide and $colorScheme", (view) => {
  it("has no violation that axe knows of, no request, no error, and nothing runs out at the side", async (context) => {
    context.skip(browser === undefined, "no chromium");
    const { page, complaints } = await openReport(view);
    // The policy of the page lets no script in; the debugger's door is not the page's.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    expect(told).toEqual([]);
    const beyond = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    expect(beyond).toBeLessThanOrEqual(0);
    expect(await page.title()).toBe("Callsheet demo");
    expect(await page.locator("script, img[onerror]").count()).toBe(0);
    // The policy lets the player have its file.
    await page.waitForFunction("document.querySelector('video').readyState > 0");
    expect(await page.getByText("Failed, amended, retried").isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

it("a script that got into the report would not run", async (context) => {
  context.skip(browser === undefined, "no chromium");
  const { page } = await openReport({ width: 800, colorScheme: "light" });
  const html = (await page.content()).replace("</main>", "<script>document.title = 'owned'</script></main>");
  const file = join(own, "tampered.html");
  await writeFile(file, html);
  await page.goto(pathToFileURL(file).href);
  expect(await page.locator("script").count()).toBe(1);
  expect(await page.title()).toBe("Callsheet demo");
  await page.close();
});
