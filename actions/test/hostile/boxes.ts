/** A box of an MP4 or QuickTime file. */
export function box(type: string, content: Buffer | string): Buffer {
  const body = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

const PARENTS = ["moov", "trak", "mdia", "minf", "dinf"];

/**
 * The film with its first track's data said to be in another file, named by an alias as the first Macintoshes did. Its table of
 * contents stands at its end, so no place that it names moves.
 */
export function withAlias(mov: Buffer, path: string): Buffer {
  const at = mov.indexOf("dref") - 4;
  const old = mov.readUInt32BE(at);
  const dref = box("dref", Buffer.concat([mov.subarray(at + 8, at + 16), box("alis", aliasOf(path))]));
  const altered = Buffer.concat([mov.subarray(0, at), dref, mov.subarray(at + old)]);
  for (const parent of PARENTS) {
    const start = altered.lastIndexOf(parent, at) - 4;
    altered.writeUInt32BE(altered.readUInt32BE(start) + dref.length - old, start);
  }
  return altered;
}

/** Version and flags, then a record of volume and name, then the absolute path as its piece of type 2. */
function aliasOf(path: string): Buffer {
  const record = Buffer.alloc(4 + 10 + 28 + 12 + 64 + 16 + 4 + 16);
  const name = path.slice(path.lastIndexOf("/") + 1);
  record.writeUInt8(1, 14);
  record.write("/", 15);
  record.writeUInt8(name.length, 54);
  record.write(name, 55);
  record.writeUInt16BE(1, 134);
  record.writeUInt16BE(1, 136);
  const piece = Buffer.alloc(4);
  piece.writeUInt16BE(2, 0);
  piece.writeUInt16BE(path.length, 2);
  return Buffer.concat([
    record,
    piece,
    Buffer.from(path),
    Buffer.alloc(path.length % 2),
    Buffer.from([0xff, 0xff, 0, 0]),
  ]);
}
