import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** The checksums that `file.checksum` can compute. */
export const ALGORITHMS = ["sha256", "sha1", "md5", "sha512", "crc32"] as const;
/** The name of a checksum. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** A checksum in the making: fed piece by piece; its lower-case hexadecimal digits are those of all that it was fed. */
export interface Checksum {
  update(piece: Uint8Array): void;
  digits(): string;
}

/** Begins a checksum. */
export function beginChecksum(algorithm: Algorithm): Checksum {
  if (algorithm === "crc32") return beginCrc32();
  const hash = createHash(algorithm);
  return { update: (piece) => void hash.update(piece), digits: () => hash.copy().digest("hex") };
}

function beginCrc32(): Checksum {
  let value = 0;
  return {
    update(piece) {
      value = crc32(piece, value);
    },
    digits: () => value.toString(16).padStart(8, "0"),
  };
}
