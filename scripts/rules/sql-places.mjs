import { SQL } from "../import-rules.mjs";
import { lineAt, walk } from "../repository/syntax.mjs";

const STATEMENT =
  /^\s*(select\s|insert\s+into\s|update\s+[\w."]+\s+set\s|delete\s+from\s|with\s+[\w"]+\s+as\s|(create|alter|drop|truncate)\s+(table|schema|index|database|function|type|role)\s|(listen|notify)\s+["\w])/i;

/** SQL stands in store/ folders only, whether tagged or as a plain string. */
export function findMisplacedSql(files) {
  return files
    .filter((file) => file.isCode && SQL.within.test(file.path) && !SQL.folder.test(file.path))
    .flatMap(sqlOf);
}

function sqlOf(file) {
  const found = [];
  walk(file.ast, (node, ancestors) => {
    if (!isTagged(node) && !(isStatement(node) && !ancestors.some(isTagged))) return;
    const message = `SQL outside of a store/ folder: ${SQL.why}. Make it an exported function of a store file.`;
    found.push({ path: file.path, line: lineAt(file.text, node.start), message });
  });
  return found;
}

function isTagged(node) {
  if (node.type !== "TaggedTemplateExpression") return false;
  return node.tag.name === "sql" || node.tag.object?.name === "sql" || node.tag.property?.name === "sql";
}

function isStatement(node) {
  if (node.type === "Literal") return typeof node.value === "string" && STATEMENT.test(node.value);
  return node.type === "TemplateElement" && STATEMENT.test(node.value.raw);
}
