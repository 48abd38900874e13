import { nextTurn } from '../../../system/next-turn.ts';

/** About as many objects as are read and written in some milliseconds. */
const itemsInTurn = 200;

/** Whether others should have their turn, after so many objects. */
export function isTurnOver(count: number): boolean {
  return count % itemsInTurn === 0;
}

/** What `map` makes of each item, in their order; others have their turn in between when there are many. */
export async function mapInTurns<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) {
    results.push(map(item));
    if (isTurnOver(results.length)) await nextTurn();
  }
  return results;
}
