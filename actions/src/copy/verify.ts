import type { FileHandle } from "node:fs/promises";
import type { JobContext } from "@callsheet/contract";
import { failure, quoted } from "../failure.ts";
import { withHashing } from "../hashing/hashing.ts";
import { piecesOf } from "../pieces.ts";
import type { SourceFile } from "../source-file.ts";
import { reporter } from "../transfer-report.ts";
import type { CopyConfiguration } from "./configuration.ts";
import { readable } from "./partial-file.ts";

export interface Expected {
  readonly source: SourceFile;
  readonly context: JobContext<CopyConfiguration>;
  readonly sha256: string;
  /** The percentage at which this begins. */
  readonly from: number;
}

/** Flushes a copy to its disk, reads it back as far as the job asks for it, and gives it the times and rights of its source. */
export async function verify(handle: FileHandle, expected: Expected): Promise<void> {
  const { source, context, sha256 } = expected;
  await handle.sync();
  const { size } = await handle.stat();
  if (size !== source.bytes) throw differs(source, `it has ${size} bytes instead of ${source.bytes}`);
  if (context.configuration.verify === "checksum" && (await readBack(handle, expected)) !== sha256) {
    throw differs(source, "what was read back has another checksum");
  }
  const { mode, atimeNs, mtimeNs } = source.facts;
  // Programs that run as somebody else are not made by copying; what cannot be read by its owner cannot be published.
  await handle.chmod((Number(mode) & 0o777) | 0o400);
  await handle.utimes(Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
}

/**
 * The checksum of the file as the system hands it out now. It comes from memory where the system still holds it there; what
 * reached the disk is the disk's promise, given by the flush.
 */
async function readBack(handle: FileHandle, { source, context, from }: Expected): Promise<string | undefined> {
  const report = reporter(context, { message: "verifying", from, to: 100, bytes: source.bytes });
  return withHashing(["sha256"], async (hashing) => {
    let bytes = 0;
    for await (const piece of piecesOf(readable(handle, source.bytes))) {
      context.signal.throwIfAborted();
      await hashing.update(piece);
      bytes += piece.length;
      report(bytes);
    }
    return (await hashing.digits())[0];
  });
}

function differs({ path }: SourceFile, how: string): Error {
  return failure("verification_failed", `The copy of ${quoted(path)} is not what was read: ${how}. Retry the job.`);
}
