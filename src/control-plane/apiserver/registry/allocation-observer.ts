/** Whether a service asked for what it was given (static), or it was chosen (dynamic). */
export type AllocationScope = 'static' | 'dynamic';

/** How much is taken, and how much is left. */
export interface AllocationUse {
  readonly ranges: readonly { readonly range: string; readonly allocated: number; readonly available: number }[];
  readonly ports: { readonly allocated: number; readonly available: number };
}

/** Is told of the addresses and node ports that services are given. */
export interface AllocationObserver {
  address(range: string, scope: AllocationScope, seconds: number): void;
  addressRefused(range: string, scope: AllocationScope): void;
  port(scope: AllocationScope): void;
  portRefused(scope: AllocationScope): void;
}

/** When nobody is told. */
export const silentAllocation: AllocationObserver = {
  address: () => undefined,
  addressRefused: () => undefined,
  port: () => undefined,
  portRefused: () => undefined,
};
