/** A version as of https://semver.org, 2.0.0, without what it was built from, which does not count in their order. */
export interface SemanticVersion {
  /** Major, minor and patch. */
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

/** The order of two versions as the specification has it (11): -1 where the left one is older. */
export function compareSemanticVersions(left: SemanticVersion, right: SemanticVersion): -1 | 0 | 1 {
  for (const [index, one] of left.numbers.entries()) {
    const other = right.numbers[index] ?? 0n;
    if (one !== other) return one < other ? -1 : 1;
  }
  const [own, theirs] = [left.prerelease, right.prerelease];
  if (own.length === 0 || theirs.length === 0) {
    // A release comes after what leads to it.
    if (own.length === theirs.length) return 0;
    return own.length === 0 ? 1 : -1;
  }
  for (let index = 0; index < Math.max(own.length, theirs.length); index++) {
    const order = compareIdentifiers(own[index], theirs[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers come before words, and what is missing before all. */
function compareIdentifiers(left: string | undefined, right: string | undefined): -1 | 0 | 1 {
  if (left === right) return 0;
  if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
  const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (leftIsNumber && rightIsNumber) return BigInt(left) < BigInt(right) ? -1 : 1;
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return left < right ? -1 : 1;
}
