/** The container network interface as a node uses it: ADD and DEL of one sandbox (CNI spec 1.0). */
export interface NetworkPlugin {
  /** Gives the sandbox its addresses, the first of each family; @throws Error when none is free. */
  add(sandbox: { readonly id: string; readonly namespace: string; readonly name: string }): Promise<readonly string[]>;
  /** Releases them; idempotent. */
  remove(sandboxId: string): Promise<void>;
}
