import type { CelType } from './types.ts';
import type { CelValue } from './values.ts';

/** One way to call a function. */
export interface Overload {
  readonly id: string;
  /** Called as `target.name(…)`; the target is the first argument. */
  readonly isMember: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  /** What it does; operators with an order of evaluation of their own have none. */
  readonly call?: (args: readonly CelValue[]) => CelValue;
}

/** A function with all its overloads, in the order in which the checker tries them. */
export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** An overload that is called as a plain function. */
export function overload(
  id: string,
  args: readonly CelType[],
  result: CelType,
  call?: (args: readonly CelValue[]) => CelValue,
): Overload {
  return call === undefined ? { id, isMember: false, args, result } : { id, isMember: false, args, result, call };
}

/** An overload that is called on its first argument. */
export function member(
  id: string,
  args: readonly CelType[],
  result: CelType,
  call?: (args: readonly CelValue[]) => CelValue,
): Overload {
  return { ...overload(id, args, result, call), isMember: true };
}

/** A function. */
export function declare(name: string, ...overloads: Overload[]): FunctionDeclaration {
  return { name, overloads };
}

/** Functions by their name; a function that several libraries declare has the overloads of all. */
export function mergeDeclarations(
  libraries: readonly (readonly FunctionDeclaration[])[],
): ReadonlyMap<string, FunctionDeclaration> {
  const merged = new Map<string, FunctionDeclaration>();
  for (const declaration of libraries.flat()) {
    const before = merged.get(declaration.name)?.overloads ?? [];
    merged.set(declaration.name, { name: declaration.name, overloads: [...before, ...declaration.overloads] });
  }
  return merged;
}
