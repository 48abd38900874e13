const versionPattern = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;

/**
 * Orders versions as Kubernetes prefers them: GA before beta before alpha, higher numbers first, and names that are no
 * such version last, by the alphabet (version.CompareKubeAwareVersionStrings, reversed). Negative: left goes first.
 */
export function compareApiVersions(left: string, right: string): number {
  const [leftRank, rightRank] = [rankOf(left), rankOf(right)];
  if (leftRank === undefined || rightRank === undefined) {
    if (leftRank !== undefined) return -1;
    if (rightRank !== undefined) return 1;
    return left < right ? -1 : Number(left > right);
  }
  for (const [index, rank] of leftRank.entries()) {
    const difference = (rightRank[index] ?? 0) - rank;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Stability, major and minor; higher is preferred. */
function rankOf(version: string): readonly [number, number, number] | undefined {
  const match = versionPattern.exec(version);
  if (match === null) return undefined;
  const stability = match[2] === undefined ? 2 : Number(match[2] === 'beta');
  return [stability, Number(match[1]), Number(match[3] ?? '0')];
}
