import { stringifyJson } from '../../apimachinery/json-codec.ts';
/**
 * What plugins that change objects on behalf of others tell each other: once one has changed something, all plugins get
 * the object a second time (KEP-3962, KEP-1164's admission webhooks did it first).
 */
export class Reinvocation {
  #isReinvoked = false;
  #isNeeded = false;

  /** Whether this is the second time. */
  get isReinvoked(): boolean {
    return this.#isReinvoked;
  }

  /** Asks for a second time. */
  require(): void {
    this.#isNeeded = true;
  }

  /** Begins the second time. @returns false when nobody asked, or it is over already */
  begin(): boolean {
    if (!this.#isNeeded || this.#isReinvoked) return false;
    this.#isReinvoked = true;
    return true;
  }
}

/** Which of one plugin's participants (policies, webhooks) see an object a second time. */
export class ReinvocationLedger {
  readonly #invoked = new Set<string>();
  readonly #again = new Set<string>();
  #output = '';

  /** Those that were invoked so far want to see what has changed since. */
  requirePrevious(): void {
    for (const key of this.#invoked) this.#again.add(key);
    this.#invoked.clear();
  }

  /** Notes one that was invoked and wants to see later changes. */
  addInvoked(key: string): void {
    this.#invoked.add(key);
  }

  isRequired(key: string): boolean {
    return this.#again.has(key);
  }

  /** Whether others have changed the object since the plugin left it. */
  isChanged(object: unknown): boolean {
    return stringifyJson(object) !== this.#output;
  }

  /** Notes how the plugin leaves the object. */
  leave(object: unknown): void {
    this.#output = stringifyJson(object);
  }
}
