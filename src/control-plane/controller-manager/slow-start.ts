/**
 * Does `count` things in batches of 1, 2, 4 … and stops after the first batch in which one failed, so that a broken
 * template costs one request, not a thousand.
 * @returns how many succeeded, and the first error.
 */
export async function slowStart(
  count: number,
  work: () => Promise<void>,
): Promise<{ readonly succeeded: number; readonly error: unknown }> {
  let remaining = count;
  let succeeded = 0;
  for (let batch = Math.min(1, count); batch > 0; batch = Math.min(2 * batch, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, () => work()));
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) return { succeeded, error: failed.reason };
    remaining -= batch;
  }
  return { succeeded, error: undefined };
}
