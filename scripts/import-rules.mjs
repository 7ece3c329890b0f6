// Who may import whom, and what only one place may touch. Data, with the reason of each rule; `scripts/rules/` reads it.
// To change a direction, change it here, and say why in `docs/decisions/`.

/**
 * The layers. A file belongs to the one with the longest `files` that its path starts with, and may import its own layer
 * and those that are named. A package is imported through its door: `@callsheet/core` is the layer of `core/src/index.ts`.
 */
export const LAYERS = [
  {
    name: "model",
    files: "contract/src/model/",
    mayImport: [],
    why: "the rules of the product know nothing of transport, storage or time, so that all the rest can share them",
  },
  {
    name: "api",
    files: "contract/src/",
    mayImport: ["model"],
    why: "the contract runs in a browser: it stands on the model alone",
  },
  {
    name: "console",
    files: "console/src/",
    mayImport: ["api"],
    why: "the console knows the server only by the contract",
  },
  {
    name: "store",
    files: "core/src/store/",
    mayImport: ["api"],
    why: "statements serve whoever calls them: they know rows and the model, not their callers",
  },
  {
    name: "operations",
    files: "core/src/operations/",
    mayImport: ["api", "store"],
    why: "a verb of a caller works the same whether the engine runs here or elsewhere",
  },
  {
    name: "engine",
    files: "core/src/engine/",
    mayImport: ["api", "store", "operations"],
    why: "the running parts use the same verbs as everybody else, and nobody below depends on them",
  },
  {
    name: "callsheet",
    files: "core/src/",
    mayImport: ["api", "store", "operations", "engine", "postgres"],
    why: "the public surface puts the parts together; a part that imported it back would be a cycle",
  },
  {
    name: "testing",
    files: "core/src/testing/",
    mayImport: ["api", "store", "operations", "engine", "callsheet", "postgres"],
    why: "what tests need must never be reachable from what runs",
  },
  {
    name: "postgres",
    files: "postgres/src/",
    mayImport: [],
    why: "the private server is useful without the engine, and the engine without it",
  },
  {
    name: "actions",
    files: "actions/src/",
    mayImport: ["api", "callsheet"],
    why: "the action types that ship are written as anybody else would write theirs",
  },
  {
    name: "queue",
    files: "queue/src/",
    mayImport: ["api", "callsheet", "postgres"],
    why: "the queue library is a face of the core and has no way around it",
  },
  {
    name: "server",
    files: "server/src/",
    mayImport: ["api", "callsheet"],
    why: "the HTTP API calls the same operations as the library",
  },
  {
    name: "cli",
    files: "cli/src/",
    mayImport: ["api", "callsheet", "postgres", "actions", "queue", "server"],
    why: "the command is the last to put things together; nothing may depend on it",
  },
];

/** Packages and modules that only some places may import. `within`: where the rule holds; `only`: what may stand there. */
export const ALLOWED_PACKAGES = [
  {
    within: "contract/src/",
    only: ["zod"],
    why: "the contract runs in a browser and is loaded by everything: zod and nothing else, Node's modules included",
  },
];

/** Packages that only some files of a folder may import. */
export const KEPT_PACKAGES = [
  {
    package: "pg",
    within: "core/src/",
    files: ["core/src/store/driver/"],
    why: "one folder knows the driver; it can be exchanged, counted and made to fail in tests",
  },
  {
    package: "sql-template-tag",
    within: "core/src/",
    files: ["core/src/store/", "core/src/testing/store/"],
    why: "SQL stands in store/ folders only",
  },
];

/** Where SQL may stand. Elsewhere neither the tag `sql` nor a string that begins as a statement is accepted. */
export const SQL = {
  within: /^(contract|core|actions|queue|server|console|cli)\/src\//,
  folder: /\/store\//,
  why: "SQL stands in store/ folders only, so that every statement can be found, explained and counted",
};

/** What comes to the engine as a value from outside, so that all of it can run under a seeded clock in one process. */
export const OUTSIDE = {
  within: ["contract/src/", "core/src/"],
  why: "time, randomness, ids, timers, processes and files reach this code as values",
  globals: {
    "Date.now": "take the time from the clock you were given",
    "new Date()": "take the time from the clock you were given",
    "Date()": "take the time from the clock you were given",
    "performance.now": "take the time from the clock you were given",
    "Math.random": "take randomness as a value",
    "crypto.randomUUID": "take ids as a value",
    "crypto.getRandomValues": "take randomness as a value",
    setTimeout: "use the timers that you were given",
    setInterval: "use the timers that you were given",
    setImmediate: "use the timers that you were given",
    "AbortSignal.timeout": "use the timers that you were given",
    "process.env": "take settings as options",
    "process.hrtime": "take the time from the clock you were given",
    "process.on": "signals are for the command, not for a library",
    "process.once": "signals are for the command, not for a library",
    "process.exit": "ending the process is for the command, not for a library",
    "process.kill": "use the processes that you were given",
    globalThis: "name what you need, so that this rule can see it",
    global: "name what you need, so that this rule can see it",
  },
  /** Types of them are harmless. */
  modules: {
    "node:child_process": "use the processes that you were given",
    "node:worker_threads": "use the processes that you were given",
    "node:timers": "use the timers that you were given",
    "node:timers/promises": "use the timers that you were given",
    "node:perf_hooks": "take the time from the clock you were given",
    "node:process": "take what you need of the process as values",
    "node:fs": "use the files that you were given",
    "node:fs/promises": "use the files that you were given",
  },
  /** Single names of modules of which the rest is harmless. */
  names: {
    "node:crypto": ["randomUUID", "randomBytes", "randomInt", "getRandomValues", "webcrypto"],
    uuid: ["v1", "v4", "v6", "v7", "default"],
  },
  /** The places where the outside is taken in. An entry that ends in "/" is a folder. `what` defaults to everything. */
  except: [
    { files: "core/src/engine/environment.ts", why: "the one place that hands the outside in" },
    {
      files: "core/src/engine/clock.ts",
      why: "the part of the environment that a thread without files and processes needs",
    },
    { files: "core/src/engine/processes.ts", why: "the processes of this machine, as the environment hands them in" },
    {
      files: "core/src/engine/heartbeat/",
      why: "a node's heartbeat, in a thread that nothing here can block; the environment hands it in",
    },
    {
      files: "core/src/engine/isolation/child/",
      why: "the far side of a handler's own process: it is the outside, and no seeded clock reaches it",
    },
    {
      files: "core/src/store/migrate.ts",
      what: ["node:fs", "node:fs/promises"],
      why: "migrations are files of the package, read once before anything runs",
    },
  ],
};
