import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { ALGORITHMS, type Algorithm } from "./hashing/checksum.ts";
import { withHashing } from "./hashing/hashing.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { pathOf, pathSchema } from "./path.ts";
import { piecesOf } from "./pieces.ts";
import { type SourceFile, withFile } from "./source-file.ts";
import { reporter } from "./transfer-report.ts";

/** What a `file.checksum` is told. */
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

/** The checksums of a file, as it was read. */
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
    flags: ["groupMember"],
    run: async (context) => withFile(await pathOf(context), readableRoots(setting), (file) => checksum(file, context)),
  });
}

/** `file.checksum` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const fileChecksum = defineActionType({
  ...fileChecksumWith(settingOfEnvironment),
  module: import.meta.url,
});

async function checksum(file: SourceFile, context: JobContext<Configuration>): Promise<ChecksumResult> {
  const { algorithms } = context.configuration;
  const digits = await withHashing(algorithms, async (hashing) => {
    const report = reporter(context, { message: "reading", from: 0, to: 100, bytes: file.bytes });
    let bytes = 0;
    for await (const piece of piecesOf(file)) {
      context.signal.throwIfAborted();
      bytes += piece.length;
      // A file that grows as fast as it is read has no end.
      if (bytes > file.bytes) break;
      await hashing.update(piece);
      report(bytes);
    }
    if (bytes !== file.bytes || (await file.hasChanged())) throw changed(file);
    return hashing.digits();
  });
  const checksums = Object.fromEntries(algorithms.map((algorithm, index) => [algorithm, digits[index]]));
  return { path: file.path, bytes: file.bytes, checksums };
}

function changed(file: SourceFile): Error {
  return failure("file_changed", `${quoted(file.path)} was written to while it was read, so it has no checksum.`);
}
