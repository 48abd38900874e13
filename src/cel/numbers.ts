/** An unsigned integer of 64 bits; int is bigint and double is number. */
export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** Bounds of int. */
export const minInt = -(2n ** 63n);
/** Bounds of int. */
export const maxInt = 2n ** 63n - 1n;
/** The bound of uint. */
export const maxUint = 2n ** 64n - 1n;
