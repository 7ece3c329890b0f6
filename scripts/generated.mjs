// The files that are printed by a program. `npm run generate` writes them, `npm run check` compares them.
// `print` is a script of ours whose standard output is the whole file; it may use what was built.

export const GENERATED = [
  { file: "docs/guide/media-presets.md", print: "actions/scripts/print-media-presets.mjs" },
  { file: "docs/reference/errors.md", print: "contract/scripts/print-errors.mjs" },
  { file: "docs/reference/lifecycle.md", print: "contract/scripts/print-lifecycle.mjs" },
  { file: "docs/reference/vocabulary.md", print: "contract/scripts/print-vocabulary.mjs" },
];
