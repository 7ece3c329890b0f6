import { OUTSIDE } from "../import-rules.mjs";
import { importsOf, lineAt, walk } from "../repository/syntax.mjs";
import { isAt } from "./import-directions.mjs";

/** Clocks, randomness, timers, processes and settings are taken in one place, and reach the rest as values. */
export function findOutsideWorld(files) {
  return files
    .filter((file) => file.isCode && OUTSIDE.within.some((folder) => file.path.startsWith(folder)))
    .flatMap((file) => [...modulesOf(file), ...globalsOf(file)]);
}

function modulesOf(file) {
  const found = [];
  for (const { specifier, line, names } of importsOf(file).filter(({ isType }) => !isType)) {
    const wholly = OUTSIDE.modules[specifier];
    if (wholly !== undefined) report(found, file, line, specifier, wholly);
    for (const name of names.filter((one) => OUTSIDE.names[specifier]?.includes(one))) {
      report(found, file, line, `${name} of ${specifier}`, "take ids and randomness as values");
    }
  }
  return found;
}

function globalsOf(file) {
  const found = [];
  const own = namesDeclaredIn(file.ast);
  walk(file.ast, (node, ancestors) => {
    const used = usedGlobal(node, ancestors);
    if (used === undefined || own.has(used.split(".")[0])) return;
    report(found, file, lineAt(file.text, node.start), used, OUTSIDE.globals[used]);
  });
  return found;
}

function report(found, file, line, what, instead) {
  const open = OUTSIDE.except.find((place) => isAt(file.path, place.files) && (place.what?.includes(what) ?? true));
  if (open !== undefined) return;
  found.push({ path: file.path, line, message: `${what} may not be used here: ${OUTSIDE.why}. Instead, ${instead}.` });
}

function usedGlobal(node, ancestors) {
  const name = nameOfUse(node, ancestors);
  return name !== undefined && Object.hasOwn(OUTSIDE.globals, name) ? name : undefined;
}

function nameOfUse(node, ancestors) {
  if (node.type === "NewExpression" && node.callee.name === "Date") {
    return node.arguments.length === 0 ? "new Date()" : undefined;
  }
  if (node.type === "CallExpression" && node.callee.name === "Date") return "Date()";
  if (node.type === "MemberExpression") return nameOfMember(node);
  if (node.type === "Identifier" && isReference(node, ancestors)) return node.name;
  return undefined;
}

function nameOfMember({ object, property, computed }) {
  const key = computed ? property.value : property.name;
  return object.type === "Identifier" && key !== undefined ? `${object.name}.${key}` : undefined;
}

/** Whether an identifier stands for a value, not for a key or a type. */
function isReference(node, ancestors) {
  const parent = ancestors.at(-1);
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (parent.key === node) return parent.computed || (parent.shorthand && parent.value === node);
  return !parent.type.startsWith("TS") && !/^(Import|Export)\w*Specifier$/.test(parent.type);
}

/** The names that a file itself gives to something: a parameter called `setTimeout` is not the global. */
function namesDeclaredIn(ast) {
  const names = new Set();
  walk(ast, (node) => {
    if (node.type === "VariableDeclarator") addPattern(names, node.id);
    if (node.type === "ImportDeclaration" && !node.source.value.startsWith("node:")) {
      for (const { local } of node.specifiers) names.add(local.name);
    }
    for (const parameter of node.params ?? []) addPattern(names, parameter);
    if (node.type === "FunctionDeclaration") addPattern(names, node.id);
  });
  return names;
}

function addPattern(names, pattern) {
  if (pattern === null || pattern === undefined) return;
  if (pattern.type === "Identifier") names.add(pattern.name);
  if (pattern.type === "AssignmentPattern") addPattern(names, pattern.left);
  if (pattern.type === "RestElement") addPattern(names, pattern.argument);
  for (const property of pattern.properties ?? []) addPattern(names, property.value ?? property);
  for (const element of pattern.elements ?? []) addPattern(names, element);
}
