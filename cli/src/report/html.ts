/** Markup that may be written as it is: made by `html`, where everything else is escaped. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template: markup, text, numbers, lists of them; null and false write nothing. */
export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template of HTML or SVG: the literal parts are markup, every value is escaped text, for quoted attributes too. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const written = values.map((value, index) => write(value) + parts[index + 1]);
  return { markup: parts[0] + written.join("") };
}

/** Text as it may stand between tags and in quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

function write(value: HtmlValue): string {
  if (value === null || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return isHtml(value) ? value.markup : value.map(write).join("");
}

function isHtml(value: Html | readonly HtmlValue[]): value is Html {
  return "markup" in value;
}
