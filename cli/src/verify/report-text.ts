import { INVARIANTS, type Invariant, type Verification } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { counted } from "../counted.ts";
import { printable } from "../printable.ts";

/** What was looked at, and each invariant that is broken with what breaks it. */
export function reportText({ checked, counts, findings, isSound }: Verification, tookMs: number): string {
  const all = Object.keys(INVARIANTS) as readonly Invariant[];
  const seen = [
    `${counted(checked.jobs, "job")} with ${counted(checked.lines, "line")} of history`,
    counted(checked.claims, "claim"),
    counted(checked.pools, "pool"),
    `${counted(checked.objects, "held object")}`,
    `${counted(checked.timedActions, "timed action")}`,
    counted(checked.nodes, "node"),
  ];
  const head = `Looked at ${seen.join(", ")}, in ${formatDuration(tookMs)}.\n`;
  if (isSound) return `${head}${colours.green("sound")}  All ${all.length} invariants hold.\n`;
  const broken = all.filter((invariant) => counts[invariant] !== undefined);
  const parts = broken.map((invariant) => {
    const count = counts[invariant]!;
    const own = findings.filter((finding) => finding.invariant === invariant);
    const title = `${colours.red(invariant)}  ${INVARIANTS[invariant]}  ${colours.dim(`(${counted(count, "time")})`)}`;
    const lines = own.map(({ of, lines: at, message }) => `     ${printable(`${of}${placeOf(at)}: ${message}`)}`);
    const rest = count - own.length;
    return [
      title,
      ...lines,
      ...(rest > 0 ? [`     … and ${rest.toLocaleString("en")} more; --most tells more of them`] : []),
    ].join("\n");
  });
  return `${head}\n${parts.join("\n")}\n\n${colours.red("broken")}  ${broken.length} of ${all.length} invariants.\n`;
}

function placeOf(lines: readonly number[]): string {
  return lines.length === 0 ? "" : `, line ${lines.join(" and ")}`;
}
