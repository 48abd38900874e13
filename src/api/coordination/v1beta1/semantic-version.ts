/** A version of https://semver.org, without what it was built from. */
export interface SemanticVersion {
  readonly numbers: readonly bigint[];
  /** What stands after the hyphen, by its dots; empty for a release. */
  readonly prerelease: readonly string[];
}

const number = '(0|[1-9]\\d*)';
const identifier = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const build = '[0-9A-Za-z-]+';
const pattern = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+${build}(?:\\.${build})*)?$`,
);

/** Reads a version, `1.36.0-rc.1`; undefined for what is none. */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  const [whole, major = '', minor = '', patch = '', prerelease = ''] = pattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const numbers = [major, minor, patch].map(BigInt);
  return { numbers, prerelease: prerelease === '' ? [] : prerelease.split('.') };
}

/** Negative where the left one is older. */
export function compareSemanticVersions(left: SemanticVersion, right: SemanticVersion): number {
  for (const [index, one] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0n;
    if (one !== other) return one < other ? -1 : 1;
  }
  if (left.prerelease.length === 0 || right.prerelease.length === 0) {
    return right.prerelease.length - left.prerelease.length;
  }
  for (const [index, one] of left.prerelease.entries()) {
    const other = right.prerelease[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(one, other);
    if (order !== 0) return order;
  }
  return left.prerelease.length - right.prerelease.length;
}

/** Numbers by their values, and before all others. */
function compareIdentifiers(left: string, right: string): number {
  const isNumber = (text: string): boolean => /^\d+$/.test(text);
  if (isNumber(left) && isNumber(right)) return left.length - right.length || compareText(left, right);
  if (isNumber(left) !== isNumber(right)) return isNumber(left) ? -1 : 1;
  return compareText(left, right);
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
