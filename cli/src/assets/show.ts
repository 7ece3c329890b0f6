import type { Asset, Collection, Job } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { factsText } from "../facts.ts";
import { jobColumns } from "../jobs/columns.ts";
import { formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import { renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { valueLines } from "../value-text.ts";
import { fileText } from "./columns.ts";

const MOST_JOBS = 10;

interface AssetView {
  readonly asset: Asset;
  readonly collections: readonly Collection[];
  readonly jobs: readonly Job[];
}

/** `assets show` */
export async function showAsset(terminal: Terminal, id: string): Promise<void> {
  await using client = await openClient(terminal);
  const asset = await client.assets.get(id);
  const [collections, jobs] = await Promise.all([
    client.collections.list({ holds: { type: "asset", id: asset.id } }),
    client.jobs.list({ target: { type: "asset", id: asset.id }, limit: MOST_JOBS }),
  ]);
  printOne(terminal, { ...asset, collections: collections.map(({ name }) => name) }, () =>
    viewText({ asset, collections, jobs }, terminal.width),
  );
}

function viewText({ asset, collections, jobs }: AssetView, width: number): string {
  const { id, tags, facts, factsAt, metadata, changedAt, actor, reason } = asset;
  const told = [
    ["Id", id],
    ["File", fileText(asset)],
    ["Tags", tags.join(", ")],
    ["In", collections.map(({ name }) => name).join(", ")],
    ["Changed", `${formatInstant(changedAt)} by ${actor}${reason === null ? "" : `: ${reason}`}`],
  ] as const;
  const now = new Date();
  const columns = jobColumns(["id", "state", "action", "created", "took", "note"], { jobs, now });
  return [
    `${colours.bold(printable(asset.name))}\n`,
    factsText(told.filter(([, text]) => text !== "")),
    ...(Object.keys(metadata).length === 0 ? [] : [section("Metadata", valueLines(metadata, "  "))]),
    ...(facts === null || factsAt === null
      ? []
      : [section(`Facts, found ${formatInstant(factsAt)}`, valueLines(facts, "  "))]),
    ...(jobs.length === 0 ? [] : [`${colours.bold("Newest jobs")}\n${renderTable(columns, jobs, width)}`]),
  ].join("");
}

const section = (title: string, lines: readonly string[]): string =>
  `${colours.bold(title)}\n${lines.map((line) => `${line}\n`).join("")}`;
