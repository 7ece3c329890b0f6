/** Functions of the store, bound to where their statements run. */
export type Bound<All> = {
  readonly [Name in keyof All]: All[Name] extends (db: never, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

export function bindAll<Db, All extends Readonly<Record<string, (db: Db, ...rest: never[]) => unknown>>>(
  statements: All,
  db: Db,
): Bound<All> {
  const bound = Object.entries(statements).map(([name, statement]) => [
    name,
    (...rest: never[]) => statement(db, ...rest),
  ]);
  return Object.fromEntries(bound) as Bound<All>;
}
