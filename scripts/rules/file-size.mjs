const LIMIT = 300;
const TEST_LIMIT = 500;

/** No code file is longer than 300 lines, no test file longer than 500. */
export function findLongFiles(files) {
  return files
    .filter((file) => file.isCode)
    .map((file) => ({ path: file.path, lines: linesIn(file.text), limit: file.isTest ? TEST_LIMIT : LIMIT }))
    .filter(({ lines, limit }) => lines > limit)
    .map(({ path, lines, limit }) => ({
      path,
      line: limit + 1,
      message: `${lines} lines, ${limit} allowed. Split it by what it does: one noun or one verb a file.`,
    }));
}

function linesIn(text) {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
