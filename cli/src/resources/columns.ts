import type { Resource } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { formatDistance, formatInstant } from "../moment.ts";
import type { Column } from "../table.ts";

/** Where a resource is: `cluster`, `site london`, `node edit-01`. */
export const placeText = ({ scope, place }: Pick<Resource, "scope" | "place">): string =>
  place === null ? scope : `${scope} ${place}`;

/** The columns of a list of resources. */
export function resourceColumns(now: Date): readonly Column<Resource>[] {
  return [
    { title: "Resource", cell: ({ name }) => name, shorten: "middle" },
    { title: "Place", cell: placeText, shorten: "middle" },
    {
      title: "State",
      cell: ({ state }) => state,
      paint: (text, { state }) => (state === "started" ? text : colours.yellow(text)),
    },
    {
      title: "Used",
      cell: ({ used }) => String(used),
      paint: (text, { used, effectiveCapacity }) => (used > effectiveCapacity ? colours.yellow(text) : text),
      align: "right",
    },
    { title: "Of", cell: ({ effectiveCapacity }) => String(effectiveCapacity), align: "right" },
    { title: "Tags", cell: ({ tags }) => tags.join(", "), shorten: "end" },
    { title: "Notes", cell: (resource) => notesOf(resource, now).join("; "), shorten: "end" },
  ];
}

/** What a person should know of a resource beside its numbers, what is urgent first. */
export function notesOf(resource: Resource, now: Date): readonly string[] {
  const { state, reason, actor, neverStart, capacity, effectiveCapacity, outside, reserved } = resource;
  const lost = neverStart.reduce((sum, { jobs }) => sum + jobs, 0);
  return [
    ...(lost === 0 ? [] : [`${lost} waiting ${lost === 1 ? "job needs" : "jobs need"} more than there ever is`]),
    ...(state === "started" ? [] : [[`by ${actor ?? "somebody"}`, reason].filter(Boolean).join(": ")]),
    ...(effectiveCapacity === capacity ? [] : [`declared ${capacity}`]),
    ...(outside === null
      ? []
      : [`outside said ${outside.total} ${formatDistance(outside.at, now)}${outside.isStale ? ", stale" : ""}`]),
    ...(reserved === null ? [] : [heldBack(reserved)]),
  ];
}

function heldBack({ units, jobId, until }: NonNullable<Resource["reserved"]>): string {
  return `${units} held back for ${jobId}${until === null ? "" : ` until ${formatInstant(until)}`}`;
}
