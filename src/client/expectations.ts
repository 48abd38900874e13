import type { Clock } from '../system/clock.ts';

const expiresAfterMillis = 300_000;

interface Expected {
  additions: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

/**
 * What a controller has asked for and its informer has not shown yet: until it has, the controller does not count again
 * (kube-controller-manager's UIDTrackingControllerExpectations). Forgotten after five minutes.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether everything that was expected for the key has been seen, or has taken too long. */
  satisfied(key: string): boolean {
    const expected = this.#byKey.get(key);
    if (expected === undefined) return true;
    if (expected.additions <= 0 && expected.deletions.size === 0) return true;
    return this.#clock.now() - expected.since > expiresAfterMillis;
  }

  expectCreations(key: string, count: number): void {
    this.#byKey.set(key, { additions: count, deletions: new Set(), since: this.#clock.now() });
  }

  expectDeletions(key: string, uids: readonly string[]): void {
    this.#byKey.set(key, { additions: 0, deletions: new Set(uids), since: this.#clock.now() });
  }

  /** One was seen, or will never come. */
  creationObserved(key: string, count = 1): void {
    const expected = this.#byKey.get(key);
    if (expected !== undefined) expected.additions -= count;
  }

  deletionObserved(key: string, uid: string): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
