/** Parts of a secret that are shorter are not looked for. */
export const SHORTEST_FORM = 4;
/** A shorter line of a secret of several lines says nothing by itself. */
const SHORTEST_LINE = 8;

/** The texts by which a secret may be found again: as it is, by lines, and as tools and formats write it. */
export function formsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const pieces = [
    secret,
    secret.trim(),
    ...(lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : []),
  ];
  const forms = new Set(pieces.flatMap((piece) => [piece, ...escaped(piece), ...encoded(piece)]));
  return [...forms].filter((form) => form.length >= SHORTEST_FORM);
}

function escaped(text: string): readonly string[] {
  const once = inJson(text);
  const percent = encodeURIComponent(text);
  const texts = [once, inJson(once), percent, encodeURI(text), inUserInfo(text), percent.replaceAll("%20", "+")];
  return texts.flatMap((whole) => [whole, whole.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())]);
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** As the password of a URL, which is escaped less than its query. */
function inUserInfo(text: string): string {
  const url = new URL("http://host");
  url.password = text;
  return url.password;
}

function encoded(text: string): readonly string[] {
  const bytes = Buffer.from(text, "utf8");
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const whole = bytes.toString("base64");
  const all = [whole, whole.replace(/=+$/, ""), ...base64];
  const url = all.map((one) => one.replaceAll("+", "-").replaceAll("/", "_"));
  const hex = bytes.toString("hex");
  return [...all, ...url, hex, hex.toUpperCase()];
}

/** What base64 makes of bytes that `offset` others precede, without the characters that the others change. */
function base64Within(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
