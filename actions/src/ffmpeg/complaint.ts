import { type FailureCode, failure, quoted } from "../failure.ts";
import type { Ending } from "./run-program.ts";

interface Meaning {
  readonly pattern: RegExp;
  readonly code: FailureCode;
  readonly says: string;
}

/** What ffmpeg and the system say, and what it means to whoever reads a failed job. The first that fits counts. */
const MEANINGS: readonly Meaning[] = [
  { pattern: /No space left on device|Disk quota exceeded/, code: "disk_full", says: "the disk is full" },
  {
    pattern: /not on whitelist|not in allowed|Protocol .* not on/i,
    code: "media_refused",
    says: "it leads to another file or address, which is never opened",
  },
  {
    pattern: /exceeds specified max pixel count|exceeds the maximum allowed/,
    code: "media_too_large",
    says: "a picture in it has more pixels than the limit",
  },
  {
    pattern: /File too large|exceeded limit of/,
    code: "media_too_large",
    says: "what is made of it is larger than the limit",
  },
  {
    pattern: /Cannot allocate memory|Error allocating|Failed to allocate|malloc of size|failed to map segment/i,
    code: "media_too_large",
    says: "it takes more memory than the limit",
  },
  {
    pattern: /matches no streams|does not contain any stream|no decodable|has no streams/i,
    code: "media_unsupported",
    says: "it lacks the picture or sound that is asked for",
  },
  {
    pattern:
      /Unknown (en|de)coder|(En|De)coder .* not found|No such filter|codec not currently supported|no decoder found/i,
    code: "media_unsupported",
    says: "this ffmpeg cannot read or write what is asked for",
  },
  {
    pattern:
      /Invalid data found|moov atom not found|could not find codec parameters|Invalid argument while decoding|Picture size/i,
    code: "media_damaged",
    says: "it is cut off or damaged",
  },
];

const SIGNALS: Readonly<Record<string, Omit<Meaning, "pattern">>> = {
  SIGXFSZ: { code: "media_too_large", says: "what is made of it is larger than the limit" },
  // At the limit of processor time, and when the memory of the machine is used up, the system ends a program like this.
  SIGKILL: {
    code: "media_too_large",
    says: "the system ended it, as it took more processor time or memory than the limit",
  },
};

/** The error of a run that did not end well: one sentence about the file, with the last word of ffmpeg. */
export function complaintOf(path: string, { exitCode, killedBy, complaints }: Ending): Error {
  const meaning = (killedBy === null ? undefined : SIGNALS[killedBy]) ?? meaningOf(complaints);
  const says = meaning?.says ?? (killedBy === null ? `it ended with code ${exitCode}` : `it was ended by ${killedBy}`);
  const word = lastWord(complaints);
  const detail = word === "" ? "" : ` (${quoted(word)})`;
  return failure(meaning?.code ?? "ffmpeg_failed", `ffmpeg could not work on ${quoted(path)}: ${says}${detail}.`);
}

function meaningOf(complaints: string): Meaning | undefined {
  return MEANINGS.find(({ pattern }) => pattern.test(complaints));
}

const LONGEST_WORD = 200;

/** What ffmpeg says after it has said what the matter is. */
const AFTERWORDS =
  /^(Error (initializing|opening|reinitializing|while) |Conversion failed|Could not write header|Last message repeated)/;

/** The last line that tells something, without the names of parts and addresses in memory, such as `[mov @ 0x55…]`. */
function lastWord(complaints: string): string {
  const lines = complaints.split(/[\r\n]+/).map((line) => line.replace(/^(\[[^\]]*\] )+/, "").trim());
  const word = lines.findLast((line) => line !== "" && !AFTERWORDS.test(line)) ?? lines.findLast((line) => line !== "");
  return (word ?? "").slice(0, LONGEST_WORD);
}
