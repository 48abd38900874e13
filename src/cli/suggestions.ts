/** What a command is called, and the words of other programs that mean it. */
export interface Suggestible {
  readonly name: string;
  readonly suggestFor?: readonly string[] | undefined;
}

/**
 * Names close to what was typed: at most two edits away, beginning with it, or known under that word elsewhere, whatever
 * the case.
 */
export function suggestionsFor(typed: string, commands: readonly Suggestible[]): readonly string[] {
  const wanted = typed.toLowerCase();
  const isClose = (name: string): boolean => editDistance(wanted, name) <= 2 || name.startsWith(wanted);
  return commands
    .filter(({ name, suggestFor }) => isClose(name.toLowerCase()) || suggestFor?.includes(wanted) === true)
    .map(({ name }) => name);
}

/** Levenshtein's distance. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
