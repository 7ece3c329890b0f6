import { crc32, deflateSync } from "node:zlib";
import { box, withAlias } from "./boxes.ts";
import type { HostileFile } from "./corpus.ts";

/** Small films that are whole, to be cut and altered. */
export interface Whole {
  readonly mp4: Buffer;
  readonly mov: Buffer;
  readonly avi: Buffer;
  readonly webm: Buffer;
  readonly flac: Buffer;
}

const BROKEN = ["media_damaged", "media_unsupported", "not_media", "ffmpeg_failed"] as const;
/** Whatever such a file does, it ends with a code, or with a film. */
const ANYHOW = [...BROKEN, "media_refused", "media_too_large", "completed"] as const;

const broken = (name: string, content: Buffer | string): HostileFile => ({ name, content, ends: BROKEN });
const anyhow = (name: string, content: Buffer | string): HostileFile => ({ name, content, ends: ANYHOW });

/** Files that begin as films, sounds or pictures and are something else, cut off, endless or enormous. */
export function hostileBinaries(whole: Whole, secret: string, url: string): readonly HostileFile[] {
  return [...references(whole, secret, url), ...enormous(), ...odd(whole), ...cut(whole), ...garbage()];
}

/** Films with a playlist or the name of another file within. */
function references({ avi, mov, mp4 }: Whole, secret: string, url: string): readonly HostileFile[] {
  const playlist = `#EXTM3U\n#EXTINF:10,\n${url}/gab2.ts\n#EXTINF:10,\nfile://${secret}\n#EXT-X-ENDLIST\n`;
  const movie = (reference: string) =>
    box("moov", box("rmra", box("rmda", box("rdrf", `\0\0\0\0url ${"\0\0\0\xff"}${reference}\0`))));
  return [
    anyhow("gab2.avi", withSubtitles(avi, playlist)),
    anyhow("appended.avi", Buffer.concat([avi, Buffer.from(`GAB2\0${playlist}`)])),
    anyhow("alias.mov", withAlias(mov, secret)),
    broken("reference-http.mov", Buffer.concat([box("ftyp", "qt  \0\0\0\0"), movie(`${url}/rmra.mov`)])),
    broken("reference-file.mov", Buffer.concat([box("ftyp", "qt  \0\0\0\0"), movie(`file://${secret}`)])),
    anyhow("playlist-behind.mp4", Buffer.concat([mp4, Buffer.from(playlist)])),
    broken("playlist-in-box.mp4", Buffer.concat([box("ftyp", "isom\0\0\0\0"), box("moov", playlist)])),
  ];
}

/** Replaces the sound of an AVI by a stream of text that holds what it is given, as some players write subtitles. */
function withSubtitles(avi: Buffer, text: string): Buffer {
  const altered = Buffer.from(avi);
  const header = altered.indexOf("auds");
  altered.write("txts", header, "latin1");
  const chunk = Buffer.from(`GAB2\0\x02\0${"\x04\0\0\0a\0\0\0"}\x04\0${"\0\0\0\0"}${text}`, "latin1");
  const list = altered.indexOf("movi") + 4;
  const framed = Buffer.concat([Buffer.from("01tx"), little(chunk.length), chunk, Buffer.alloc(chunk.length % 2)]);
  return Buffer.concat([altered.subarray(0, list), framed, altered.subarray(list)]);
}

function enormous(): readonly HostileFile[] {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(40_000, 0);
  size.writeUInt32BE(40_000, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(1_000_000));
  const png = [
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", size),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ];
  const frame = Buffer.from(
    "\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda",
    "latin1",
  );
  const tooLarge = ["media_too_large", ...BROKEN] as const;
  return [
    { name: "40k.png", content: Buffer.concat(png), ends: ["media_too_large"] },
    { name: "65k.jpg", content: Buffer.concat([frame, Buffer.alloc(1_000)]), ends: tooLarge },
    {
      name: "65k.gif",
      content: Buffer.from(
        "GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;",
        "latin1",
      ),
      ends: tooLarge,
    },
  ];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([big(data.length), body, big(crc32(body))]);
}

/** Boxes that have no end, or promise more than any machine has. */
function odd({ mp4 }: Whole): readonly HostileFile[] {
  const ftyp = box("ftyp", "isom\0\0\0\0");
  const long = Buffer.from("\0\0\0\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff", "latin1");
  const nested = Array.from({ length: 2_000 }).reduce<Buffer>((inner) => box("moov", inner), Buffer.alloc(0));
  const keys = box("moov", box("meta", Buffer.concat([Buffer.alloc(4), box("keys", `\0\0\0\0${"\x7f\xff\xff\xff"}`)])));
  return [
    broken("no-size.mp4", Buffer.concat([ftyp, Buffer.from("\0\0\0\0moov")])),
    broken("longest-box.mp4", Buffer.concat([ftyp, long])),
    broken("nested.mp4", Buffer.concat([ftyp, nested])),
    broken("keys.mov", Buffer.concat([ftyp, keys])),
    broken("only-free.mp4", Buffer.concat([ftyp, ...Array.from({ length: 10_000 }, () => box("free", ""))])),
    anyhow("twice.mp4", Buffer.concat([mp4, mp4])),
  ];
}

function cut({ mp4, webm, flac, avi }: Whole): readonly HostileFile[] {
  return [
    broken("half.mp4", mp4.subarray(0, mp4.length / 2)),
    broken("beginning.mp4", mp4.subarray(0, 64)),
    anyhow("half.webm", webm.subarray(0, webm.length / 2)),
    broken("beginning.webm", webm.subarray(0, 64)),
    anyhow("half.flac", flac.subarray(0, flac.length / 2)),
    anyhow("half.avi", avi.subarray(0, avi.length / 2)),
    broken("no-bytes.mp4", ""),
  ];
}

/** The marks of a kind of file, with nothing of it behind them. */
function garbage(): readonly HostileFile[] {
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7_919 + (index >> 3)) % 251));
  const marked = (mark: string) => Buffer.concat([Buffer.from(mark, "latin1"), noise]);
  const packets = Array.from({ length: 200 }, (_, index) => marked(`G${String.fromCharCode(index)}`).subarray(0, 188));
  return [
    broken("noise.mp4", noise),
    broken("zeros.mp4", Buffer.alloc(1_000_000)),
    anyhow("noise.ts", Buffer.concat(packets)),
    broken("noise.webm", marked("\x1a\x45\xdf\xa3")),
    broken("noise.ogg", marked("OggS")),
    anyhow("noise.flv", marked("FLV\x01")),
    broken("noise.wmv", marked("\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    broken("noise.mxf", marked("\x06\x0e\x2b\x34\x02\x05\x01\x01")),
    anyhow("noise.mp3", marked("ID3\x04\0\0\x7f\x7f\x7f\x7f")),
    anyhow("noise.aac", marked("\xff\xf1\x50\x80")),
    anyhow(
      "longest.wav",
      marked(
        "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data\xff\xff\xff\xff",
      ),
    ),
  ];
}

function big(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function little(value: number): Buffer {
  return big(value).reverse();
}
