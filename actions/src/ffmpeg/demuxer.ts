/** How many bytes from the beginning of a file `demuxerOf` wants to see: the third packet of a transport stream. */
export const DEMUXER_BYTES = 1_024;

/** What a file is by its first bytes: the one reader that ffmpeg is held to, or why ffmpeg never sees the file. */
export type Demuxing = { readonly demuxer: string } | { readonly refused: string } | "not_media";

type Mark = readonly [offset: number, text: string];
type Row = readonly [name: string, ...marks: Mark[]];

/**
 * The readers that may be used, each by marks that all must be there. They read one file and follow no reference to
 * another: no playlist, list, pattern of names, subtitle, script or device is among them, whatever a file is called.
 */
const ALLOWED: readonly Row[] = [
  ...["ftyp", "moov", "mdat", "free", "skip", "wide", "pnot", "styp"].map((box): Row => ["mov", [4, box]]),
  ["matroska", [0, "\x1a\x45\xdf\xa3"]],
  ["mpegts", [0, "\x47"], [188, "\x47"], [376, "\x47"]],
  ["mpegts", [4, "\x47"], [196, "\x47"], [388, "\x47"]],
  ["mxf", [0, "\x06\x0e\x2b\x34\x02\x05\x01\x01"]],
  ["avi", [0, "RIFF"], [8, "AVI "]],
  ["mpeg", [0, "\x00\x00\x01\xba"]],
  ["mpegvideo", [0, "\x00\x00\x01\xb3"]],
  ["asf", [0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"]],
  ["flv", [0, "FLV\x01"]],
  ["dv", [0, "\x1f\x07\x00"]],
  ["ogg", [0, "OggS"]],
  ["wav", [0, "RIFF"], [8, "WAVE"]],
  ["wav", [0, "RF64"], [8, "WAVE"]],
  ["aiff", [0, "FORM"], [8, "AIF"]],
  ["flac", [0, "fLaC"]],
  ["ac3", [0, "\x0b\x77"]],
  ["mp3", [0, "ID3"]],
  ["gif", [0, "GIF8"]],
  ["jpeg_pipe", [0, "\xff\xd8\xff"]],
  ["png_pipe", [0, "\x89PNG\r\n\x1a\n"]],
  ["webp_pipe", [0, "RIFF"], [8, "WEBP"]],
  ["tiff_pipe", [0, "II*\x00"]],
  ["tiff_pipe", [0, "MM\x00*"]],
  ["dpx_pipe", [0, "SDPX"]],
  ["dpx_pipe", [0, "XPDS"]],
  ["exr_pipe", [0, "\x76\x2f\x31\x01"]],
];

/** Text that names other files or addresses, or is a program; known only so that the refusal says what it is. */
const REFUSED: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["an HLS playlist", /^#EXTM3U/i],
  ["a playlist", /^(\[playlist\]|#EXTINF|http:|https:|file:)/i],
  ["a list of files to join", /^(ffconcat version|file\s)/i],
  ["a DASH manifest", /^(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)?<MPD[\s>]/i],
  ["a session description", /^v=0\r?\n[a-z]=/],
  ["a picture made of drawing commands", /^(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]/i],
  ["an XML document", /^<\?xml\s/i],
  ["a web page", /^<(!doctype html|html)[\s>]/i],
  ["a file of subtitles", /^(WEBVTT|\[Script Info\]|\d+\r?\n\d\d:\d\d:\d\d[,.]\d|\{\d+\}\{\d+\})/i],
  ["a script", /^(#!|%!|import |push graphic-context)/],
  ["a list of metadata", /^;FFMETADATA/],
];

/** Recognises a file by its first bytes, whatever its name. */
export function demuxerOf(head: Uint8Array): Demuxing {
  const text = Buffer.from(head).toString("latin1");
  const found = ALLOWED.find(([, ...marks]) => marks.every(([offset, mark]) => text.startsWith(mark, offset)));
  if (found !== undefined) return { demuxer: found[0] };
  const audio = rawAudioOf(head);
  if (audio !== undefined) return { demuxer: audio };
  const words = text.replace(/^(\xef\xbb\xbf)?\s*/, "");
  const refused = REFUSED.find(([, pattern]) => pattern.test(words));
  return refused === undefined ? "not_media" : { refused: refused[0] };
}

/** A frame of MPEG audio begins with eleven ones; its layer is never 0, and that of AAC always. */
function rawAudioOf([first = 0, second = 0]: Uint8Array): "aac" | "mp3" | undefined {
  if (first !== 0xff || second < 0xe0) return undefined;
  if ((second & 0x06) !== 0) return (second & 0x18) === 0x08 ? undefined : "mp3";
  return (second & 0xf0) === 0xf0 ? "aac" : undefined;
}
