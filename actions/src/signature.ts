/** How many bytes from the beginning of a file `signatureOf` wants to see. */
export const SIGNATURE_BYTES = 64;

/** What the first bytes of a file say that it is, as far as they matter here. */
export type Signature = { readonly still: "jpeg" | "png" } | { readonly unsupported: string } | "other";

type Mark = readonly [offset: number, text: string];

/** Media that the probe cannot read, so that it does not call them no media. */
const UNSUPPORTED: readonly (readonly [name: string, marks: readonly Mark[]])[] = [
  [
    "AVI",
    [
      [0, "RIFF"],
      [8, "AVI "],
    ],
  ],
  ["an MPEG program stream", [[0, "\x00\x00\x01\xba"]]],
  ["an MPEG video stream", [[0, "\x00\x00\x01\xb3"]]],
  ["Windows Media", [[0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"]]],
  ["Flash Video", [[0, "FLV\x01"]]],
  ["MXF", [[0, "\x06\x0e\x2b\x34\x02\x05\x01\x01"]]],
  [
    "AIFF",
    [
      [0, "FORM"],
      [8, "AIF"],
    ],
  ],
  [
    "Ogg with Theora video",
    [
      [0, "OggS"],
      [28, "\x80theora"],
    ],
  ],
  ["GIF", [[0, "GIF8"]]],
  [
    "WebP",
    [
      [0, "RIFF"],
      [8, "WEBP"],
    ],
  ],
  ["TIFF", [[0, "II*\x00"]]],
  ["TIFF", [[0, "MM\x00*"]]],
  ["DPX", [[0, "SDPX"]]],
  ["DPX", [[0, "XPDS"]]],
  ["OpenEXR", [[0, "\x76\x2f\x31\x01"]]],
];

/** Recognises a file by its first bytes. */
export function signatureOf(head: Uint8Array): Signature {
  const text = Buffer.from(head).toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return { still: "jpeg" };
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return { still: "png" };
  const found = UNSUPPORTED.find(([, marks]) => marks.every(([offset, mark]) => text.startsWith(mark, offset)));
  return found === undefined ? "other" : { unsupported: found[0] };
}
