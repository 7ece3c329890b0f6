const SPAN = /`([\w.-]+(?:\/[\w.-]+)*\/?)`/g;
const SOURCE = /\/[\w.-]+\.(ts|mts|mjs|sql)$/;
const MADE = /(^|\/)(dist|node_modules)(\/|$)/;

/**
 * What a document names in backticks is there: a source file by the end of its path (`engine/node.ts`), and whatever
 * begins with a folder of the root. Programs in fences, bare names and what is built are not looked at.
 */
export function findLostPaths(files) {
  const places = new Set(files.flatMap(({ path }) => placesOf(path)));
  const folders = new Set(
    files.map(({ path }) => path.split("/")).flatMap(([first, ...rest]) => (rest[0] ? first : [])),
  );
  const isPath = (name) =>
    !MADE.test(name) && (SOURCE.test(name) || (name.includes("/") && folders.has(name.split("/")[0])));
  return files
    .filter(({ path }) => path.endsWith(".md"))
    .flatMap((file) => namesIn(file))
    .filter(({ name }) => isPath(name) && !places.has(name.replace(/\/$/, "")))
    .map(({ name, path, line }) => ({ path, line, message: `there is no ${name}. Name what is there.` }));
}

/** Every end of a path, and of the folders that it lies in, from any of its folders on. */
function placesOf(path) {
  const parts = path.split("/");
  return parts.flatMap((_, from) => parts.slice(from).map((_part, to) => parts.slice(from, from + to + 1).join("/")));
}

function namesIn({ path, text }) {
  let isFenced = false;
  return text.split("\n").flatMap((line, index) => {
    if (line.startsWith("```")) isFenced = !isFenced;
    if (isFenced) return [];
    return [...line.matchAll(SPAN)].map(([, name]) => ({ name, path, line: index + 1 }));
  });
}
