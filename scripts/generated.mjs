// The files that are printed by a program. `npm run generate` writes them, `npm run check` compares them.
// `print` is a module of ours whose standard output is the whole file.

export const GENERATED = [];
