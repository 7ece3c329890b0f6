import { lineAt } from "../repository/syntax.mjs";
import { DRAWERS, NOT_SEARCHED, WORDS } from "../words.mjs";

/** Nothing of `words.mjs` stands in any file, nor the place of the checkout itself, and no file is named as a drawer. */
export function findWords(files, root) {
  return files
    .filter((file) => !NOT_SEARCHED.includes(file.path))
    .flatMap((file) => [...wordsOf(file), ...checkout(file, root), ...drawer(file)]);
}

function wordsOf(file) {
  const lines = file.text.split("\n");
  const words = WORDS.filter((word) => word.in?.test(file.path) ?? true);
  return words.flatMap((word) =>
    lines.flatMap((line, index) => {
      const match = word.pattern.exec(line);
      if (match === null) return [];
      return [{ path: file.path, line: index + 1, message: `${word.what}: ${match[0].trim()}. ${word.instead}` }];
    }),
  );
}

function checkout(file, root) {
  const at = file.text.indexOf(`${root}/`);
  if (at === -1) return [];
  const message = `the path of this checkout: ${root}. Use a path relative to the repository.`;
  return [{ path: file.path, line: lineAt(file.text, at), message }];
}

function drawer(file) {
  if (!DRAWERS.pattern.test(file.path)) return [];
  return [{ path: file.path, line: 1, message: `a name that says nothing. ${DRAWERS.instead}` }];
}
