import { formatBytes, formatDuration } from "../amount.ts";
import { changeOf, compareFacts, type FactRow } from "./facts.ts";
import { type Html, html } from "./html.ts";
import { tookOf } from "./job-look.ts";
import type { Likeness, Picture, Report, ReportFile, ReportJob } from "./report-data.ts";

/** Each file with its pictures, its facts before and after, and the jobs that made them. */
export function filesSection({ files, jobs }: Report): Html {
  if (files.length === 0) return html``;
  return html`<section id="files" aria-labelledby="files-title">
<h2 id="files-title">The files</h2>
${files.map((file, index) =>
  fileArticle(
    file,
    index,
    jobs.filter((job) => job.file === file.name),
  ),
)}
</section>`;
}

/** All files at a glance, each a link to what is said of it. */
export function overviewStrip(files: readonly ReportFile[]): Html {
  if (files.length === 0) return html``;
  return html`<nav aria-label="Files"><ul class="strip">
${files.map(
  (file, index) => html`<li><a href="#file-${index + 1}">
<span class="well thumb ${file.poster === null ? "wide" : ""}">${imageOf(file.poster ?? file.waveform, "")}${
    file.poster === null && file.waveform === null ? html`<span class="blank">${file.kind ?? "no media"}</span>` : null
  }</span>
<span class="name"><bdi>${file.name}</bdi></span>
<span class="note">${glanceOf(file)}</span></a></li>`,
)}
</ul></nav>`;
}

function glanceOf({ kind, source, proxy }: ReportFile): string {
  if (source === null) return kind ?? "";
  if (proxy === null) return `${kind}, ${formatBytes(source.bytes)}`;
  return `${formatBytes(source.bytes)} → ${formatBytes(proxy.bytes)}`;
}

function fileArticle(file: ReportFile, index: number, jobs: readonly ReportJob[]): Html {
  const id = `file-${index + 1}`;
  const media = stageOf(file);
  return html`<article class="file panel" id="${id}" aria-labelledby="${id}-title">
<header><h3 id="${id}-title"><bdi>${file.name}</bdi></h3><p class="note">${describeFile(file)}</p></header>
<div class="${media === null ? "" : "pair"}">${media}<div class="facts">${factsOf(file)}</div></div>
${file.contactSheet !== null && figure(file.contactSheet, `Contact sheet of ${file.name}`, "Contact sheet")}
${file.waveform !== null && file.kind === "video" && figure(file.waveform, `Waveform of ${file.name}`, "Waveform")}
${jobs.length > 0 && html`<ul class="steps" aria-label="Jobs of ${file.name}">${jobs.map(stepOf)}</ul>`}
</article>`;
}

function describeFile({ kind, source }: ReportFile): string {
  const length = source?.durationSeconds ?? null;
  return [kind ?? "not probed", length === null ? "" : formatDuration(length * 1000)]
    .filter((text) => text !== "")
    .join(", ");
}

/** What is looked at or listened to: the player where there is one, else the poster. */
function stageOf({ name, kind, player, poster, waveform }: ReportFile): Html | null {
  const still = kind === "audio" ? waveform : poster;
  if (player?.kind === "video") {
    const frame =
      poster === null ? null : html` poster="${poster.source}" width="${poster.width}" height="${poster.height}"`;
    return html`<figure class="stage"><div class="well"><video controls preload="metadata" playsinline src="${player.source}"${frame} aria-label="Proxy of ${name}"></video></div></figure>`;
  }
  if (still === null && player === null) return null;
  const what = kind === "audio" ? "Waveform" : "Poster";
  return html`<figure class="stage">${still !== null && html`<div class="well ${kind === "audio" ? "wide" : ""}">${imageOf(still, `${what} of ${name}`)}</div>`}${
    player !== null &&
    html`<audio controls preload="metadata" src="${player.source}" aria-label="Proxy of ${name}"></audio>`
  }</figure>`;
}

function figure(picture: Picture, alt: string, caption: string): Html {
  return html`<figure><div class="well">${imageOf(picture, alt)}</div><figcaption>${caption}</figcaption></figure>`;
}

function imageOf(picture: Picture | null, alt: string): Html | null {
  if (picture === null) return null;
  return html`<img src="${picture.source}" width="${picture.width}" height="${picture.height}" alt="${alt}">`;
}

function factsOf({ name, source, proxy, likeness, sha256 }: ReportFile): Html {
  if (source === null) return html`<p class="note">It could not be read as media.</p>${checksumOf(sha256)}`;
  return html`<table class="compare"><caption class="hidden">${name}: ${proxy === null ? "source" : "source and proxy"}</caption>
<thead><tr><td></td><th scope="col">Source</th>${proxy !== null && html`<th scope="col">Proxy</th>`}</tr></thead>
<tbody>${compareFacts(source, proxy).map((row) => factRow(row, proxy !== null))}</tbody></table>
${likeness !== null && likenessOf(likeness)}${checksumOf(sha256)}`;
}

function factRow({ label, source, proxy, change }: FactRow, hasProxy: boolean): Html {
  return html`<tr><th scope="row">${label}</th><td>${source}</td>${
    hasProxy && html`<td>${proxy}${change !== "" && html` <span class="change">${change}</span>`}</td>`
  }</tr>`;
}

const METER_WIDTH = 240;

function likenessOf({ ssim, durationDifferenceSeconds: difference }: Likeness): Html {
  const apart = difference === null ? "" : describeDifference(Math.round(Math.abs(difference) * 1000));
  if (ssim === null) return html`<p class="likeness">Proxy beside its source: ${apart}</p>`;
  const part = Math.min(Math.max(ssim, 0), 1);
  return html`<div class="likeness"><p><b>${ssim.toFixed(3)}</b> SSIM of the proxy, where 1 is the source itself${apart !== "" && `; ${apart}`}</p>
<svg viewBox="0 0 ${METER_WIDTH} 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="${METER_WIDTH}" height="6"/><rect class="value" width="${part * METER_WIDTH}" height="6"/></svg></div>`;
}

function describeDifference(milliseconds: number): string {
  return milliseconds === 0 ? "of the same length" : `lengths ${milliseconds} ms apart`;
}

function checksumOf(sha256: string | null): Html | null {
  if (sha256 === null) return null;
  return html`<p class="checksum"><span>SHA-256</span> <code>${sha256.match(/.{1,8}/g)!.join(" ")}</code></p>`;
}

function stepOf({ action, state, attempts }: ReportJob): Html {
  const took = attempts.reduce((sum, attempt) => sum + (tookOf(attempt) ?? 0), 0);
  const look = state === "completed" ? "" : "odd";
  const said = state === "completed" ? formatDuration(took) : state.replaceAll("_", " ");
  return html`<li class="${look}"><span>${action}</span> ${said}</li>`;
}

/** The sum of what was read and of what the proxies take, for the figures at the top. */
export function savingOf(files: readonly ReportFile[]): {
  readonly source: number;
  readonly proxy: number;
  readonly change: string;
} {
  const pairs = files.flatMap(({ source, proxy }) => (source === null || proxy === null ? [] : [{ source, proxy }]));
  const source = pairs.reduce((sum, pair) => sum + pair.source.bytes, 0);
  const proxy = pairs.reduce((sum, pair) => sum + pair.proxy.bytes, 0);
  return { source, proxy, change: changeOf(source, proxy) };
}
