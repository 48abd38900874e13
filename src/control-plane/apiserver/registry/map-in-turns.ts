/** About as many objects as are read and written in some milliseconds. */
const itemsInTurn = 200;

/** What `map` makes of each item, in their order; other requests have their turn in between when there are many. */
export async function mapInTurns<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(map(item));
    if (results.length % itemsInTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return results;
}
