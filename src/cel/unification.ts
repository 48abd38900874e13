import { type CelType, isDyn, isSameType, listType, mapType, opaqueType, typeOfType, types } from './types.ts';

/** What the free type parameters stand for so far. */
export class Substitutions {
  #bound: Map<string, CelType>;

  constructor(bound: ReadonlyMap<string, CelType> = new Map()) {
    this.#bound = new Map(bound);
  }

  /** Whether a value of one type may stand where the other is wanted; what that binds is kept when it may. */
  isAssignable(left: CelType, right: CelType): boolean {
    return this.#attempt((trial) => trial.#assign(left, right));
  }

  /** As isAssignable, for each of two lists side by side. */
  areAssignable(left: readonly CelType[], right: readonly CelType[]): boolean {
    return this.#attempt((trial) => trial.#assignAll(left, right));
  }

  /** The type with all known parameters put in; free ones become dyn when asked. */
  apply(type: CelType, freeToDyn: boolean): CelType {
    if (type.kind === 'typeParam') {
      const bound = this.#bound.get(type.name);
      if (bound !== undefined) return this.apply(bound, freeToDyn);
      return freeToDyn ? types.dyn : type;
    }
    const inside = type.parameters.map((parameter) => this.apply(parameter, freeToDyn));
    const [first = types.dyn, second = types.dyn] = inside;
    switch (type.kind) {
      case 'list':
        return listType(first);
      case 'map':
        return mapType(first, second);
      case 'opaque':
        return inside.length === 0 ? type : opaqueType(type.name, ...inside);
      case 'type':
        return inside.length === 0 ? type : typeOfType(first);
      default:
        return type;
    }
  }

  #attempt(assign: (trial: Substitutions) => boolean): boolean {
    const trial = new Substitutions(this.#bound);
    if (!assign(trial)) return false;
    this.#bound = trial.#bound;
    return true;
  }

  #assignAll(left: readonly CelType[], right: readonly CelType[]): boolean {
    return left.length === right.length && left.every((type, index) => this.#assign(type, right[index] ?? types.error));
  }

  #assign(left: CelType, right: CelType): boolean {
    if (right.kind === 'typeParam') {
      const [fits, wasBound] = this.#substitute(left, right);
      if (fits) return true;
      if (wasBound) return false;
    }
    if (left.kind === 'typeParam') return this.#substitute(right, left)[0];
    if (isDyn(left) || isDyn(right) || left.kind === 'error' || right.kind === 'error') return true;
    if (left.kind === 'null') return right.kind === 'null' || isNullable(right);
    if (right.kind === 'null') return isNullable(left);
    if (left.kind === 'type') return right.kind === 'type';
    if (left.kind === 'opaque' || left.kind === 'list' || left.kind === 'map') {
      return left.kind === right.kind && left.name === right.name && this.#assignAll(left.parameters, right.parameters);
    }
    return isSameType(left, right);
  }

  /** Tries to let a parameter stand for a type: whether it can, and whether it stood for something already. */
  #substitute(type: CelType, parameter: CelType): [fits: boolean, wasBound: boolean] {
    if (isSameType(type, parameter)) return [true, true];
    const bound = this.#bound.get(parameter.name);
    if (bound !== undefined) {
      if (isSameType(type, bound)) return [true, true];
      if (!this.#assign(type, bound)) return [false, true];
      const general = moreGeneral(type, bound);
      if (!this.#mentions(parameter, general)) this.#bound.set(parameter.name, general);
      return [true, true];
    }
    if (this.#mentions(parameter, type)) return [false, false];
    this.#bound.set(parameter.name, type);
    return [true, false];
  }

  #mentions(parameter: CelType, within: CelType): boolean {
    if (isSameType(parameter, within)) return true;
    if (within.kind === 'typeParam') {
      const bound = this.#bound.get(within.name);
      return bound !== undefined && this.#mentions(parameter, bound);
    }
    return within.parameters.some((inside) => this.#mentions(parameter, inside));
  }
}

function isNullable(type: CelType): boolean {
  return ['opaque', 'struct', 'any', 'duration', 'timestamp'].includes(type.kind);
}

/** The one of two types that allows more. */
export function moreGeneral(left: CelType, right: CelType): CelType {
  return isAtMostAsSpecific(left, right) ? left : right;
}

function isAtMostAsSpecific(left: CelType, right: CelType): boolean {
  if (isDyn(left) || left.kind === 'typeParam') return true;
  if (isDyn(right) || right.kind === 'typeParam' || left.kind !== right.kind) return false;
  if (left.kind === 'type') return true;
  if (left.kind === 'list' || left.kind === 'map' || left.kind === 'opaque') {
    return (
      left.name === right.name &&
      left.parameters.length === right.parameters.length &&
      left.parameters.every((inside, index) => isAtMostAsSpecific(inside, right.parameters[index] ?? types.dyn))
    );
  }
  return isSameType(left, right);
}
