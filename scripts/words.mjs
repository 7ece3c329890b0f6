// What must not stand in a file of the repository. Data, with what to do instead; `scripts/rules/words.mjs` reads it.
// `in` limits a pattern to some paths. This file and the test of the rule are not searched.

export const WORDS = [
  {
    what: "a mark without an issue",
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/,
    instead: "Do it now, or write TODO(#12) with the number of its issue.",
  },
  {
    what: "a test that is focused or switched off",
    pattern: /\b(?:it|test|describe)\.(?:only|skip|todo|fails)\b/,
    in: /\.(?:ts|mjs)$/,
    instead: 'Mend it or delete it. A test that needs a tool says so at run time: skip(!found, "no ffmpeg").',
  },
  {
    what: "a silenced compiler",
    pattern: /@ts-(?:ignore|nocheck)\b/,
    in: /\.(?:ts|mjs|js)$/,
    instead: "Mend the type. A type test uses @ts-expect-error, which fails when the error is gone.",
  },
  {
    what: "a command that a shell reads",
    pattern: /\bexecSync\(|\bshell: true\b|\bimport \{[^}]*\bexec\b[^}]*\} from "node:child_process"/,
    in: /\/src\/.*\.ts$/,
    instead: "Start the program itself with its arguments as a list: what a job says must never become a command.",
  },
  {
    what: "a conflict that was not resolved",
    pattern: /^(?:<{7}|>{7}) /,
    instead: "Resolve it.",
  },
  {
    what: "a path of one machine",
    pattern: /(?<![\w.$}*-])\/(?:home\/(?!\$|\{|<)[\w-]+|Users\/[\w-]+)\//,
    instead: "Use a path relative to the repository, or one that the program finds out.",
  },
  {
    what: "a package from elsewhere than the public registry",
    pattern: /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)https?:/,
    in: /package-lock\.json$/,
    instead: "Install it again with the public registry, so that everybody gets the same.",
  },
];

/** Names of files that say nothing of what is inside. */
export const DRAWERS = {
  pattern: /(?:^|[/-])(?:utils?|helpers?|misc|common|types|stuff)\.(?:ts|tsx|mjs)$/,
  instead:
    "A file is one noun or one verb, named for it. Split the drawer, or put each type beside the code that owns it.",
};

export const NOT_SEARCHED = ["scripts/words.mjs", "scripts/test/words.test.mjs"];
