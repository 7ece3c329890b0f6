import { importsOf } from "../repository/syntax.mjs";
import { resolveImport } from "./resolve-import.mjs";

/** No file imports itself by way of others; imports of types count. One problem for each knot, named by its shortest way round. */
export function findCycles(files) {
  const graph = graphOf(files.filter((file) => file.isCode));
  const known = new Set();
  const found = [];
  for (const start of graph.keys()) {
    if (known.has(start)) continue;
    const way = wayBack(graph, start);
    if (way === undefined) continue;
    for (const path of way) known.add(path);
    const [first] = [...graph.get(start)].find(
      ([target]) => target === way[1] || (way.length === 1 && target === start),
    );
    const message = `imports itself: ${[...way, start].join(" → ")}. Move what both need into a file below both.`;
    found.push({ path: start, line: graph.get(start).get(first), message });
  }
  return found;
}

function graphOf(files) {
  const paths = new Set(files.map((file) => file.path));
  const edges = (file) =>
    importsOf(file)
      .map(({ specifier, line }) => [resolveImport(file.path, specifier), line])
      .filter(([target]) => paths.has(target));
  return new Map(files.map((file) => [file.path, new Map(edges(file))]));
}

/** The shortest way from a file back to itself, without its end; undefined where there is none. */
function wayBack(graph, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const path of queue) {
    for (const target of graph.get(path).keys()) {
      if (target === start) return trace(cameFrom, start, path);
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      queue.push(target);
    }
  }
  return undefined;
}

function trace(cameFrom, start, end) {
  const way = [end];
  while (way[0] !== start) way.unshift(cameFrom.get(way[0]));
  return way;
}
