import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { summarise } from "../../src/report/masthead.ts";
import { renderPage } from "../../src/report/page.ts";
import { anAmendedJob, anOverrunJob, aReport, aReportFile, aReportJob } from "./a-report.ts";

const STYLE = "p { color: red }";
const HOSTILE = `</title><script>alert(1)</script><img src=x onerror="alert(2)">'&`;

describe("the page", () => {
  it("has a policy that lets it run no script and reach nothing, and its own style alone", () => {
    const page = renderPage(aReport(), STYLE);
    const hash = createHash("sha256").update(STYLE).digest("base64");
    expect(page).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; img-src data:;`);
    expect(page).not.toMatch(/<script|javascript:|https?:|style="/);
  });

  it("cannot be made to hold markup by any text that it shows", () => {
    const job = anAmendedJob({ file: HOSTILE, action: HOSTILE });
    const error = { code: HOSTILE, message: HOSTILE };
    const hostile = {
      ...job,
      attempts: job.attempts.map((attempt) => ({ ...attempt, error })),
      amendments: job.amendments.map((amendment) => ({
        ...amendment,
        actor: HOSTILE,
        reason: HOSTILE,
        changes: [{ field: HOSTILE, before: HOSTILE, after: HOSTILE }],
      })),
    };
    const waited = { reason: "resource_full", sentence: HOSTILE, blockers: [job.id] } as const;
    const fact = { label: HOSTILE, value: HOSTILE };
    const page = renderPage(
      aReport({
        title: HOSTILE,
        files: [aReportFile({ name: HOSTILE, player: { kind: "video", source: HOSTILE } })],
        jobs: [hostile, anOverrunJob({ file: HOSTILE }), aReportJob({ attempts: [], waitsFor: HOSTILE, waited })],
        notes: [HOSTILE],
        machine: [fact],
        outputs: [fact],
        next: [{ command: HOSTILE, what: HOSTILE }],
        credits: HOSTILE,
      }),
      STYLE,
    );
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<img src=x");
    expect(page.match(/onerror="/g)).toBeNull();
    expect(page.split("&lt;script&gt;").length).toBeGreaterThan(20);
  });

  it("tells of a job that waits why it waits", () => {
    const page = renderPage(
      aReport({ jobs: [aReportJob({ state: "queued", attempts: [], waitsFor: "No node has ffmpeg." })] }),
      STYLE,
    );
    expect(page).toContain("queued: No node has ffmpeg.");
  });

  it("tells what jobs waited for that others had, how long, and who was in the way", () => {
    const sentence = "It waits for file/dog.mp4, which another job has locked.";
    const waited = { reason: "waiting_for_lock", sentence, blockers: ["holder"] } as const;
    const holder = aReportJob({ id: "holder", action: "archive" });
    const page = renderPage(aReport({ jobs: [holder, aReportJob({ action: "fixity", waited })] }), STYLE);
    const section = /<section id="waits".*?<\/section>/s.exec(page)![0];
    expect(section).toContain(`${sentence} <code>waiting_for_lock</code>`);
    expect(section).toContain("<dt>Job</dt><dd><bdi>dog.mp4</bdi>, fixity</dd>");
    expect(section).toContain("<dt>Began after</dt><dd>10 ms</dd>");
    expect(section).toContain("<dt>In its way</dt><dd><span><bdi>dog.mp4</bdi>, archive</span></dd>");
  });

  it("shows the difference of an amendment, and of an overrun when it was marked and when it ended", () => {
    const page = renderPage(aReport(), STYLE);
    expect(page).toContain("<code>path: /media/dog.mp</code>");
    expect(page).toContain("<code>path: /media/dog.mp4</code>");
    expect(page).toContain('<span class="when">+400 ms</span><div><b>Timed out</b>');
    expect(page).toContain('<span class="when">+2.0 s</span><div><b>Completed</b>');
  });

  it("says nothing of what there is not", () => {
    const page = renderPage(aReport({ files: [], jobs: [], outputs: [], credits: null }), STYLE);
    for (const id of ["files", "stories", "waits", "timeline", "time"]) expect(page).not.toContain(`id="${id}"`);
  });
});

it.each([
  [[aReportJob()], "Every job completed."],
  [
    [aReportJob(), anAmendedJob(), anOverrunJob()],
    "Every job completed, one after its configuration was amended, one after its time-out, which marks a job and never kills it.",
  ],
  [[aReportJob(), aReportJob({ state: "failed" })], "1 of 2 jobs completed, 1 failed."],
  [[aReportJob(), aReportJob({ state: "queued", waitsFor: "No ffmpeg." })], "1 of 2 jobs completed, 1 waiting."],
])("the sentence at the top says how the jobs ended", (jobs, sentence) => {
  expect(summarise({ jobs })).toBe(sentence);
});
