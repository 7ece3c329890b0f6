import { createHash } from "node:crypto";
import { filesSection } from "./files-section.ts";
import { type Html, html } from "./html.ts";
import { jobsTable, timeSection } from "./jobs-section.ts";
import { masthead } from "./masthead.ts";
import type { Fact, Report } from "./report-data.ts";
import { storiesSection } from "./stories-section.ts";
import { timelineSection } from "./timeline-section.ts";
import { togetherSection } from "./together-section.ts";
import { waitsSection } from "./waits-section.ts";

/**
 * A report as one page that needs nothing else: no script, no network, and a policy that lets it have neither. `stylesheet`
 * is CSS that is ours: it is written as it is.
 */
export function renderPage(report: Report, stylesheet: string): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(stylesheet)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${report.title}</title>
<style>${{ markup: stylesheet }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the files</a>
${masthead(report)}
<main id="main" tabindex="-1">
${filesSection(report)}
${storiesSection(report)}
${togetherSection(report)}
${waitsSection(report)}
${timelineSection(report)}
${jobsTable(report)}
${timeSection(report)}
${nextSection(report)}
</main>
${footer(report)}
</body>
</html>
`;
  return page.markup;
}

function policyFor(stylesheet: string): string {
  const hash = createHash("sha256").update(stylesheet).digest("base64");
  // Players that are too large to go into the page are files beside it.
  const allowed = [`style-src 'sha256-${hash}'`, "img-src data:", "media-src data: file:"];
  return ["default-src 'none'", ...allowed, "base-uri 'none'", "form-action 'none'"].join("; ");
}

function nextSection({ next, outputs }: Report): Html {
  return html`<section id="next" aria-labelledby="next-title">
<h2 id="next-title">Go on from here</h2>
<div class="halves">
<dl class="panel commands">${next.map(({ command, what }) => html`<div><dt>${what}</dt><dd><code>${command}</code></dd></div>`)}</dl>
${factList(outputs)}
</div>
</section>`;
}

function factList(facts: readonly Fact[]): Html | null {
  if (facts.length === 0) return null;
  return html`<dl class="panel list">${facts.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function footer({ machine, credits }: Report): Html {
  return html`<footer>
<h2 class="small">Machine</h2>
<dl class="machine">${machine.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${credits !== null && html`<details><summary>Who made the media, and their licences</summary><pre>${credits}</pre></details>`}
</footer>`;
}
