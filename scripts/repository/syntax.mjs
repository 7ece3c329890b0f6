/** Calls `visit(node, ancestors)` for every node of a syntax tree, parents first; `ancestors` ends with the parent. */
export function walk(node, visit, ancestors = []) {
  visit(node, ancestors);
  ancestors.push(node);
  for (const child of childrenOf(node)) walk(child, visit, ancestors);
  ancestors.pop();
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value === "object" && value !== null && typeof value.type === "string");
}

/** The line of an offset, counted from 1. */
export function lineAt(text, offset) {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** Every import of a file, static, dynamic, re-exported or of types only: its specifier, line, names, and whether all are types. */
export function importsOf(file) {
  const found = [];
  walk(file.ast, (node) => {
    const source = sourceOf(node);
    if (typeof source?.value !== "string") return;
    const isType = isTypeOnly(node);
    found.push({ specifier: source.value, line: lineAt(file.text, node.start), names: namesOf(node), isType });
  });
  return found;
}

const IMPORTS = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "TSImportType",
]);

function sourceOf(node) {
  return IMPORTS.has(node.type) ? node.source : undefined;
}

function isTypeOnly(node) {
  if (node.type === "TSImportType" || node.importKind === "type" || node.exportKind === "type") return true;
  const specifiers = node.specifiers ?? [];
  return specifiers.length > 0 && specifiers.every((one) => (one.importKind ?? one.exportKind) === "type");
}

function namesOf(node) {
  return (node.specifiers ?? []).map((one) => one.imported?.name ?? one.local?.name ?? "default");
}

/** The npm package of a specifier: "@a/b/c" is of "@a/b". Undefined for relative paths and for Node's own modules. */
export function packageOf(specifier) {
  if (specifier.startsWith(".") || specifier.startsWith("/") || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
