import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { parseAst } from "vitest/node";

const CODE = new Set([".ts", ".tsx", ".mts", ".mjs", ".js"]);
const TEXT = new Set([...CODE, ".sql", ".css", ".html", ".json", ".md", ".sh", ".yml", ".yaml", ""]);

/**
 * The text files of a repository that git tracks or would track, as the rules see them: each with its path from the
 * root, its text, and for code the syntax tree. What .gitignore names is not looked at.
 */
export function readTree(root) {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = [...new Set(listed.split("\0"))].filter((path) => path !== "" && TEXT.has(extname(path)));
  return paths
    .filter((path) => !path.startsWith("samples/") && isFile(join(root, path)))
    .sort()
    .map((path) => fileOf(path, readFileSync(join(root, path), "utf8")));
}

/** Whether git's list names a file that is there: it may have been deleted, or be a link to a directory. */
function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A tree out of an object of paths and texts, for the tests of the rules. */
export function treeOf(texts) {
  return Object.entries(texts).map(([path, text]) => fileOf(path, text));
}

function fileOf(path, text) {
  let ast;
  return {
    path,
    text,
    isCode: CODE.has(extname(path)),
    isTest: /(^|\/)test\//.test(path) || /\.test(-d)?\.[a-z]+$/.test(path),
    get ast() {
      ast ??= parse(path, text);
      return ast;
    },
  };
}

function parse(path, text) {
  const extension = extname(path).slice(1);
  const lang = /\.d\.m?ts$/.test(path) ? "dts" : ({ ts: "ts", mts: "ts", tsx: "tsx" }[extension] ?? "js");
  try {
    return parseAst(text, { lang }, path);
  } catch (cause) {
    throw new Error(`${path} cannot be parsed: ${cause.message}`, { cause });
  }
}
