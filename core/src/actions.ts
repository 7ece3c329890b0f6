import type { Action, ActionInput, ActionType, Authority } from "@callsheet/contract";
import type { z } from "zod";
import type { Engine } from "./engine/engine.ts";
import {
  type ActionDefinition,
  changeAction,
  copyAction,
  createAction,
  disableAction,
  enableAction,
  getAction,
  listActions,
  putAction,
  removeAction,
} from "./operations/actions.ts";

/** An action of which the types of configuration and result are known. */
export interface ActionHandle<Configuration = Readonly<Record<string, unknown>>, Result = unknown> {
  readonly name: string;
  readonly version: number;
  readonly definition: Action;
  /** Types only; never there at run time. */
  readonly $types?: { readonly configuration: Configuration; readonly result: Result };
}

type HandleOf<Type> =
  Type extends ActionType<infer Schema, infer Result> ? ActionHandle<z.input<Schema>, Result> : ActionHandle;

/** Definitions of work. Each change makes a new version; jobs keep the one they copied. */
export class Actions {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Creates an action, or changes the one of that name. Given the type's code, the handle is typed by it. */
  async put<const Type extends ActionType | string>(
    definition: Omit<ActionInput, "type"> & { readonly type: Type },
  ): Promise<HandleOf<Type>> {
    const { type } = Object(definition) as typeof definition;
    const action = await putAction(this.#engine.desk, definition as ActionDefinition, this.#authority);
    if (typeof type !== "string") this.#engine.types.register(type);
    return { name: action.name, version: action.version, definition: action } as HandleOf<Type>;
  }

  /** Creates an action; fails with `action_exists` when the name is taken. */
  create(definition: ActionDefinition): Promise<Action> {
    return createAction(this.#engine.desk, definition, this.#authority);
  }

  /** Changes some fields. */
  change(name: string, fields: Partial<ActionInput>): Promise<Action> {
    return changeAction(this.#engine.desk, name, fields, this.#authority);
  }

  enable(name: string): Promise<Action> {
    return enableAction(this.#engine.desk, name, this.#authority);
  }

  /** No more jobs can be created for it; those that exist go on. */
  disable(name: string): Promise<Action> {
    return disableAction(this.#engine.desk, name, this.#authority);
  }

  /** Copies an action under another name; the copy starts disabled. */
  copy(name: string, newName: string): Promise<Action> {
    return copyAction(this.#engine.desk, name, newName, this.#authority);
  }

  /** Deletes an action. Its jobs can still be run and retried. */
  remove(name: string): Promise<void> {
    return removeAction(this.#engine.desk, name);
  }

  get(name: string): Promise<Action> {
    return getAction(this.#engine.desk, name);
  }

  list(): Promise<readonly Action[]> {
    return listActions(this.#engine.desk);
  }
}
