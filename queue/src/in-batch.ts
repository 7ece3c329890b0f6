/** Makes one call of many that come in the same turn of the event loop. */
export function inBatch<Value>(
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value> {
  let next: { readonly keys: string[]; readonly loaded: Promise<ReadonlyMap<string, Value>> } | undefined;
  return async (key) => {
    if (next === undefined) {
      const keys: string[] = [];
      const loaded = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        next = undefined;
        return load(keys);
      });
      next = { keys, loaded };
    }
    const { keys, loaded } = next;
    keys.push(key);
    return (await loaded).get(key) as Value;
  };
}
