import {
  type Action,
  type ActionInput,
  type ActionType,
  type Authority,
  actionSchema,
  callsheetError,
  nameSchema,
} from "@callsheet/contract";
import type { ActionVersion } from "../store/dictionary.ts";
import { violates } from "../store/failure.ts";
import type { Statements } from "../store/store.ts";
import { checkType } from "./action-type.ts";
import { storableJson } from "./configuration.ts";
import { inOrder } from "./in-order.ts";
import type { Desk } from "./operate.ts";

/** An action as written in code: its type may be given as the code itself. */
export type ActionDefinition<Type extends ActionType = ActionType> = Omit<ActionInput, "type"> & {
  readonly type: string | Type;
};

type Definition = Omit<Action, "version">;

/** Reads a definition strictly; fails with `invalid_argument`, naming each field. */
async function checkAction(definition: ActionDefinition): Promise<Definition> {
  const { type } = Object(definition) as ActionDefinition;
  const parsed = actionSchema.safeParse({
    ...definition,
    type: typeof type === "string" ? type : checkType(type).type,
  });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({ field: issue.path.join("."), problem: issue.message }));
    const list = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join("; ");
    throw callsheetError("invalid_argument", `The action cannot be used: ${list}.`, { problems });
  }
  const { runRule } = parsed.data;
  if (runRule !== null) (await import("./run-rule.ts")).parseRunRule(runRule);
  if (parsed.data.isolation === "process" && typeof type !== "string" && !type.module) {
    throw callsheetError(
      "invalid_argument",
      `Action type "${type.type}" names no module, which isolation "process" needs.`,
      { field: "isolation" },
    );
  }
  if (parsed.data.isolation === "none" && parsed.data.timeLimitMs !== null) {
    const problem = 'timeLimitMs needs isolation "process": what runs in the node\'s own process is never ended.';
    throw callsheetError("invalid_argument", problem, { field: "timeLimitMs" });
  }
  storableJson(parsed.data, "action");
  return parsed.data;
}

const isSame = (a: Definition, b: Definition) => JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));

/** Creates an action, or changes the one of that name. The same definition again makes no new version. */
export async function putAction(desk: Desk, definition: ActionDefinition, authority: Authority): Promise<Action> {
  return write(desk, await checkAction(definition), (tx, action, known) =>
    known ? change(tx, known, action, authority) : insert(tx, action, authority),
  );
}

/** Creates an action; fails with `action_exists` when the name is taken. */
export async function createAction(desk: Desk, definition: ActionDefinition, authority: Authority): Promise<Action> {
  return write(desk, await checkAction(definition), async (tx, action, known) => {
    if (known) throw nameTaken(action.name);
    return insert(tx, action, authority);
  });
}

/** Changes some fields of an action. Jobs that exist keep the version they copied. */
export async function changeAction(
  desk: Desk,
  name: string,
  fields: Partial<ActionInput>,
  authority: Authority,
): Promise<Action> {
  return edit(desk, name, (action) => checkAction({ ...action, ...fields }), authority);
}

export async function enableAction(desk: Desk, name: string, authority: Authority): Promise<Action> {
  return edit(desk, name, (action) => ({ ...action, enabled: true }), authority);
}

/** No more jobs can be created for it; those that exist go on. */
export async function disableAction(desk: Desk, name: string, authority: Authority): Promise<Action> {
  return edit(desk, name, (action) => ({ ...action, enabled: false }), authority);
}

/** Copies an action under another name. A copy starts disabled. */
export async function copyAction(desk: Desk, name: string, newName: string, authority: Authority): Promise<Action> {
  const { version: _, ...action } = await getAction(desk, name);
  return createAction(desk, { ...action, name: newName, enabled: false }, authority);
}

/** Deletes an action. Its jobs keep the version they copied, and can still be run and retried. */
export async function removeAction(desk: Desk, name: string): Promise<void> {
  await desk.store.once(async (tx) => tx.deleteAction((await locked(tx, name)).actionId));
  desk.catalogue.forget(name);
}

export async function getAction(desk: Desk, name: string): Promise<Action> {
  const found = isName(name) ? await desk.store.currentAction(name) : undefined;
  if (!found) throw callsheetError("unknown_action", `There is no action "${name}".`, { action: name });
  return found.definition;
}

export async function listActions(desk: Desk): Promise<readonly Action[]> {
  return (await desk.store.allActions()).map((version) => version.definition);
}

type Write = (tx: Statements, action: Definition, known: ActionVersion | undefined) => Promise<ActionVersion>;

async function write(desk: Desk, action: Definition, put: Write): Promise<Action> {
  try {
    const version = await desk.store.once(async (tx) =>
      put(tx, action, await tx.currentAction(action.name, "for update of a")),
    );
    return version.definition;
  } catch (error) {
    // Two at once made the same name: the second finds the first now.
    if (violates(error, "action_name_key")) {
      const version = await desk.store.once(async (tx) =>
        put(tx, action, await tx.currentAction(action.name, "for update of a")),
      );
      return version.definition;
    }
    throw error;
  } finally {
    desk.catalogue.forget(action.name);
  }
}

async function edit(
  desk: Desk,
  name: string,
  alter: (action: Definition) => Definition | Promise<Definition>,
  authority: Authority,
): Promise<Action> {
  let newName = name;
  try {
    const version = await desk.store.once(async (tx) => {
      const known = await locked(tx, name);
      const { version: _, ...action } = known.definition;
      const altered = await alter(action);
      newName = altered.name;
      return change(tx, known, altered, authority);
    });
    return version.definition;
  } catch (error) {
    if (violates(error, "action_name_key")) throw nameTaken(newName);
    throw error;
  } finally {
    desk.catalogue.forget(name);
    desk.catalogue.forget(newName);
  }
}

const isName = (name: unknown): boolean => nameSchema.safeParse(name).success;

async function locked(tx: Statements, name: string): Promise<ActionVersion> {
  const known = isName(name) ? await tx.currentAction(name, "for update of a") : undefined;
  if (!known) throw callsheetError("unknown_action", `There is no action "${name}".`, { action: name });
  return known;
}

const nameTaken = (name: string) =>
  callsheetError("action_exists", `There is an action of the name "${name}" already.`, { action: name });
const insert = (tx: Statements, action: Definition, { actor, reason }: Authority) =>
  tx.insertAction(action, actor, reason ?? null);

async function change(
  tx: Statements,
  known: ActionVersion,
  action: Definition,
  { actor, reason }: Authority,
): Promise<ActionVersion> {
  const { version, ...before } = known.definition;
  if (isSame(before, action)) return known;
  if (before.name !== action.name) await tx.followRename(before.name, action.name);
  return tx.addVersion(known.actionId, version + 1, action, actor, reason ?? null);
}
