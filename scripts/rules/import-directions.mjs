import { ALLOWED_PACKAGES, KEPT_PACKAGES, LAYERS } from "../import-rules.mjs";
import { importsOf, packageOf } from "../repository/syntax.mjs";
import { FOLDERS, resolveImport } from "./resolve-import.mjs";

const RULES = "scripts/import-rules.mjs";
const WORKSPACES = new Set(FOLDERS.values());

/** Imports go the directions of `import-rules.mjs`, those of types included, and packages stay where they are kept. */
export function findWrongImports(files) {
  return files.filter((file) => file.isCode).flatMap((file) => [...unknownPlace(file), ...wrongImportsOf(file)]);
}

function unknownPlace(file) {
  const [folder, next] = file.path.split("/");
  if (next !== "src" || !WORKSPACES.has(folder)) return [];
  const layer = layerOf(file.path);
  const rest = file.path.slice(layer?.files.length ?? 0);
  // Only the sources of core are layers of each other; elsewhere folders are the workspace's own affair.
  if (layer !== undefined && (layer.name !== "callsheet" || !rest.includes("/"))) return [];
  const message = `This folder has no layer. Put the file into one that has, or add the folder to LAYERS in ${RULES}.`;
  return [{ path: file.path, line: 1, message }];
}

function wrongImportsOf(file) {
  const found = [];
  for (const { specifier, line } of importsOf(file)) {
    const message =
      wrongDirection(file.path, specifier) ??
      outOfTheFolder(file.path, specifier) ??
      wrongPackage(file.path, specifier);
    if (message !== undefined) found.push({ path: file.path, line, message });
  }
  return found;
}

function wrongDirection(path, specifier) {
  const target = resolveImport(path, specifier);
  const from = layerOf(path);
  const to = target === undefined ? undefined : layerOf(target);
  if (from === undefined || to === undefined || from === to || from.mayImport.includes(to.name)) return undefined;
  const may = from.mayImport.length === 0 ? "no other layer" : from.mayImport.join(", ");
  return `${from.name} may not import ${to.name} (${specifier}): ${from.why}. It may import ${may}; see ${RULES}.`;
}

/** Hoisting and built files make a path into another workspace work here and fail where the package is installed. */
function outOfTheFolder(path, specifier) {
  const target = specifier.startsWith(".") ? resolveImport(path, specifier) : undefined;
  const [top] = path.split("/");
  if (target === undefined || !path.includes("/") || !WORKSPACES.has(target.split("/")[0])) return undefined;
  if (target.startsWith(`${top}/`)) return undefined;
  return `${specifier} leaves ${top}/. Import the other workspace by the name of its package.`;
}

function wrongPackage(path, specifier) {
  if (specifier.startsWith(".")) return undefined;
  const name = packageOf(specifier) ?? specifier;
  const closed = ALLOWED_PACKAGES.find((rule) => path.startsWith(rule.within) && !rule.only.includes(name));
  if (closed !== undefined) return `${name} may not be imported here: ${closed.why}.`;
  const kept = KEPT_PACKAGES.find((rule) => rule.package === name && path.startsWith(rule.within));
  if (kept === undefined || kept.files.some((place) => isAt(path, place))) return undefined;
  return `${name} may be imported in ${kept.files.join(", ")} only: ${kept.why}.`;
}

function layerOf(path) {
  const layers = LAYERS.filter((layer) => path.startsWith(layer.files));
  return layers.sort((one, other) => other.files.length - one.files.length)[0];
}

/** Whether a path is a place of the rules: the file itself, or inside of the folder when the place ends in "/". */
export function isAt(path, place) {
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}
