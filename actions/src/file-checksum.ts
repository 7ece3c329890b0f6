import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import { ALGORITHMS, type Algorithm, beginChecksum } from "./checksum.ts";
import { milliseconds } from "./clock.ts";
import { failure, quoted } from "./failure.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { pathOf, pathSchema } from "./path.ts";
import { type SourceFile, withFile } from "./source-file.ts";

/** Hashing blocks the event loop for one piece: about a millisecond for all algorithms together. */
const PIECE_BYTES = 256 * 1024;
const REPORT_MS = 500;

export const checksumConfiguration = z.strictObject({
  path: pathSchema,
  /** Computed together in one pass over the file. */
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "each algorithm once")
    .default(["sha256"]),
});
type Configuration = z.output<typeof checksumConfiguration>;

export interface ChecksumResult {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal digits by algorithm. */
  readonly checksums: { readonly [algorithm in Algorithm]?: string };
}

/** `file.checksum` for a node with this setting. */
export function fileChecksumWith(setting: MediaSetting): ActionType<typeof checksumConfiguration, ChecksumResult> {
  return defineActionType({
    type: "file.checksum",
    version: 1,
    configuration: checksumConfiguration,
    run: async (context) => withFile(pathOf(context), readableRoots(setting), (file) => checksum(file, context)),
  });
}

/** `file.checksum` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const fileChecksum = defineActionType({
  ...fileChecksumWith(settingOfEnvironment),
  module: import.meta.url,
});

async function checksum(file: SourceFile, context: JobContext<Configuration>): Promise<ChecksumResult> {
  const { algorithms } = context.configuration;
  const checksums = algorithms.map(beginChecksum);
  const report = reporter(file.bytes, context);
  let bytes = 0;
  for await (const piece of piecesOf(file)) {
    context.signal.throwIfAborted();
    bytes += piece.length;
    // A file that grows as fast as it is read has no end.
    if (bytes > file.bytes) break;
    for (const one of checksums) one.update(piece);
    report(bytes);
  }
  if (bytes !== file.bytes || (await file.hasChanged())) {
    throw failure("file_changed", `${quoted(file.path)} was written to while it was read, so it has no checksum.`);
  }
  const digits = checksums.map((one, index) => [algorithms[index], one.digits()]);
  return { path: file.path, bytes, checksums: Object.fromEntries(digits) };
}

/** The file in pieces. The next one is read while the last one is used: each stays valid until the one after it is asked for. */
async function* piecesOf(file: SourceFile): AsyncGenerator<Uint8Array> {
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;
  let position = 0;
  let reading = file.read(buffers[0], position);
  try {
    for (let turn = 0; ; turn++) {
      const length = await reading;
      if (length === 0) return;
      position += length;
      reading = file.read(buffers[(turn + 1) % 2]!, position);
      // Its failure is met by the next turn, or by nobody when the caller has given up.
      reading.catch(() => undefined);
      yield buffers[turn % 2]!.subarray(0, length);
    }
  } finally {
    // The file is closed next, and must not be while a read is under way.
    await reading.catch(() => undefined);
  }
}

/** Tells each whole percent, and at least twice a second. */
function reporter(total: number, context: JobContext): (bytes: number) => void {
  const startedAt = milliseconds();
  let last = { percent: -1, at: startedAt };
  return (bytes) => {
    const at = milliseconds();
    const percent = Math.min(100, Math.floor((bytes / total) * 100));
    if (percent === last.percent && at - last.at < REPORT_MS) return;
    last = { percent, at };
    const bytesPerSecond = Math.round((bytes / Math.max(at - startedAt, 0.001)) * 1000);
    context.progress(percent, "reading", { bytesPerSecond });
  };
}
