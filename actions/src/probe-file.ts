import { failure, quoted } from "./failure.ts";
import { probeContainer } from "./probe-container.ts";
import type { Finding } from "./probe-result.ts";
import { probeJpeg, probePng } from "./probe-still.ts";
import { SIGNATURE_BYTES, signatureOf } from "./signature.ts";
import type { SourceFile } from "./source-file.ts";

/** Reads what a media file holds without any other program. Fails with `media_unsupported` for kinds that it cannot read. */
export async function findingOf(file: SourceFile, signal: AbortSignal): Promise<Finding> {
  const head = new Uint8Array(SIGNATURE_BYTES);
  const signature = signatureOf(head.subarray(0, await file.read(head, 0)));
  if (signature === "other") return probeContainer(file, signal);
  if ("unsupported" in signature) {
    const name = quoted(file.path);
    throw failure("media_unsupported", `${name} is ${signature.unsupported}, which this probe cannot read.`);
  }
  return signature.still === "png" ? probePng(file) : probeJpeg(file, signal);
}
