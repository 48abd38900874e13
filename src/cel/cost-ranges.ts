/** From the least to the most that something can be. */
export interface CostRange {
  readonly min: number;
  readonly max: number;
}

/** What stands for "unbounded": the largest number of 64 bits. */
export const unbounded = 2 ** 64;

/** Any size at all. */
export const anySize: CostRange = { min: 0, max: unbounded };

/** Exactly this much. */
export function exactly(value: number): CostRange {
  return { min: value, max: value };
}

function capped(value: number): number {
  return Math.min(value, unbounded);
}

/** The sum of ranges. */
export function plus(...ranges: readonly CostRange[]): CostRange {
  return ranges.reduce(
    (sum, range) => ({ min: capped(sum.min + range.min), max: capped(sum.max + range.max) }),
    exactly(0),
  );
}

/** The product of two ranges. */
export function times(left: CostRange, right: CostRange): CostRange {
  return { min: capped(left.min * right.min), max: capped(left.max * right.max) };
}

/** A range by a factor, rounded up. */
export function scaled(range: CostRange, factor: number): CostRange {
  return { min: capped(Math.ceil(range.min * factor)), max: capped(Math.ceil(range.max * factor)) };
}

/** From the lesser least to the greater most. */
export function union(left: CostRange, right: CostRange): CostRange {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}
