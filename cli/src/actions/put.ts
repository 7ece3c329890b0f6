import type { Action, ActionInput } from "@callsheet/contract";
import { type Assignment, assign } from "../assignment.ts";
import { usageError } from "../failure.ts";
import { readJson, readObject } from "../input-file.ts";
import { openClient } from "../open-client.ts";
import { printList, printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { ACTION_COLUMNS } from "./columns.ts";
import { actionText } from "./show.ts";

/** What the options say of an action; what they leave out has the default, or is left as it is. */
export interface ActionFlags {
  readonly type?: string;
  readonly description?: string;
  readonly config?: readonly Assignment[];
  readonly configFile?: string;
  readonly queue?: string;
  readonly site?: string;
  readonly priority?: string;
  readonly timeout?: number | "none";
  readonly onTimeout?: string;
  readonly stallAfter?: number | "none";
  readonly onNodeLost?: string;
  readonly cancellable?: string;
  readonly isolation?: string;
  readonly memory?: number;
  readonly timeLimit?: number | "none";
  readonly retries?: number;
  readonly retryDelay?: number;
  readonly backoff?: string;
  readonly runRule?: string;
  /** Or `none`. */
  readonly undoAction?: string;
  readonly redoAction?: string;
  readonly requires?: readonly string[];
  readonly needs?: Readonly<Record<string, number>>;
  readonly lockTarget?: string;
  readonly flags?: readonly string[];
}

interface PutFlags extends ActionFlags {
  readonly file?: string;
}

/** `actions put` */
export async function putActions(terminal: Terminal, name: string | undefined, flags: PutFlags): Promise<void> {
  const definitions = await definitionsOf(terminal, name, flags);
  await using client = await openClient(terminal);
  const stored: Action[] = [];
  for (const definition of definitions) stored.push((await client.actions.put(definition)).definition);
  const [only] = stored;
  if (only !== undefined && stored.length === 1) return printOne(terminal, only, () => actionText(only));
  printList(terminal, { rows: stored, columns: ACTION_COLUMNS, empty: "The file holds no action." });
}

/** `actions change` */
export async function changeAction(terminal: Terminal, name: string, flags: ActionFlags): Promise<void> {
  await using client = await openClient(terminal);
  const before = await client.actions.get(name);
  const fields = await fieldsOf(terminal, flags, before);
  if (Object.keys(fields).length === 0) {
    throw usageError("It is not said what to change.", "callsheet actions change --help shows what can be.");
  }
  const action = await client.actions.change(name, fields);
  printOne(terminal, action, () => actionText(action));
}

/** One action of the options, or one or several of a file, each with what the options say laid over it. */
async function definitionsOf(
  terminal: Terminal,
  name: string | undefined,
  { file, ...flags }: PutFlags,
): Promise<readonly ActionInput[]> {
  const named = name === undefined ? {} : { name };
  const written = file === undefined ? {} : await readJson(terminal, file);
  if (Array.isArray(written)) {
    const fields = await fieldsOf(terminal, flags);
    if (name !== undefined)
      throw usageError("The file holds a list of actions, each with its name.", "Leave out NAME.");
    return written.map((action) => ({ ...withoutVersion(action), ...fields }) as ActionInput);
  }
  const definition = withoutVersion(written);
  const action = { ...definition, ...(await fieldsOf(terminal, flags, definition)), ...named };
  if (action.name === undefined) throw usageError("The action has no name.", "Give it as NAME, or in the file.");
  if (action.type === undefined) {
    throw usageError(`It is not said which code action "${action.name}" runs.`, "Add --type TYPE.");
  }
  return [action as ActionInput];
}

/** What `actions show --json` printed can be put: the version is not the writer's to say. */
function withoutVersion(written: unknown): Partial<ActionInput> {
  const { version: _, ...definition } = Object(written) as Partial<Action>;
  return definition;
}

/** What is not allowed is refused by the client, which names the field. */
async function fieldsOf(
  terminal: Terminal,
  flags: ActionFlags,
  before: Partial<ActionInput> = {},
): Promise<Partial<ActionInput>> {
  const { config, configFile, timeout, memory, timeLimit, retries, retryDelay, backoff, lockTarget, ...named } = flags;
  const { undoAction, redoAction, stallAfter, ...same } = named;
  const base = configFile === undefined ? (before.configuration ?? {}) : await readObject(terminal, configFile);
  const retry = {
    ...(retries !== undefined && { limit: retries }),
    ...(retryDelay !== undefined && { delayMs: retryDelay }),
    ...(backoff !== undefined && { backoff }),
  };
  return {
    ...same,
    ...((config ?? configFile) !== undefined && { configuration: assign(base, config ?? []) }),
    ...(timeout !== undefined && { timeoutMs: timeout === "none" ? null : timeout }),
    ...(stallAfter !== undefined && { stallAfterMs: stallAfter === "none" ? null : stallAfter }),
    ...(memory !== undefined && { memoryMiB: memory }),
    ...(timeLimit !== undefined && { timeLimitMs: timeLimit === "none" ? null : timeLimit }),
    ...(Object.keys(retry).length > 0 && { retry: { ...before.retry, ...retry } }),
    ...(lockTarget !== undefined && { lock: lockTarget }),
    // Without one, the definition does not have the field.
    ...(undoAction !== undefined && { undoAction: undoAction === "none" ? undefined : undoAction }),
    ...(redoAction !== undefined && { redoAction: redoAction === "none" ? undefined : redoAction }),
  } as Partial<ActionInput>;
}
