import { lineAt, walk } from "../repository/syntax.mjs";

const LIMIT = 60;
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * No function is longer than 60 lines, from its first line to its closing brace, comments and blank lines included.
 * Tests are left out: the function that groups them is as long as they are many, and their files have a limit.
 */
export function findLongFunctions(files) {
  return files.filter((file) => file.isCode && !file.isTest).flatMap(longFunctionsOf);
}

function longFunctionsOf(file) {
  const found = [];
  walk(file.ast, (node, ancestors) => {
    if (!FUNCTIONS.has(node.type)) return;
    const line = lineAt(file.text, node.start);
    const lines = lineAt(file.text, node.end) - line + 1;
    if (lines <= LIMIT) return;
    const name = nameOf(node, ancestors.at(-1));
    const message = `${name} has ${lines} lines, ${LIMIT} allowed. Give its steps names, and decide apart from acting.`;
    found.push({ path: file.path, line, message });
  });
  return found;
}

function nameOf(node, parent) {
  return node.id?.name ?? parent?.key?.name ?? parent?.id?.name ?? "This function";
}
