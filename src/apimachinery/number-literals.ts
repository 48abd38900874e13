import { formatJsonPath } from './json-path-text.ts';

/** For parseJson's `onNumber`: notes by their paths how numbers are written that a double may not show as they are. */
export function notingLiterals(
  literals: Map<string, string>,
): (path: readonly (string | number)[], literal: string) => void {
  return (path, literal) => {
    if (!/^-?\d{1,15}$/.test(literal)) literals.set(formatJsonPath(path), literal);
  };
}
