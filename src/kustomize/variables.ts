import type { FieldSpec } from './field-spec.ts';
import type { VariableArgs } from './kustomization.ts';
import type { ResourceMap } from './resource-map.ts';
import { KustomizeError } from './build-error.ts';

/** The variables of a build (`vars`, deprecated): texts `$(NAME)` that stand for fields of objects. */
export class VariableSet {
  readonly #variables = new Map<string, VariableArgs>();

  add(variables: readonly VariableArgs[], _map: ResourceMap): void {
    if (variables.length > 0) throw new KustomizeError('vars are not supported by kubectl-ts yet');
  }

  addAll(other: VariableSet): void {
    for (const [name, variable] of other.#variables) this.#variables.set(name, variable);
  }

  resolve(_map: ResourceMap, _specs: readonly FieldSpec[], _warn: (line: string) => void): void {
    if (this.#variables.size > 0) throw new KustomizeError('vars are not supported by kubectl-ts yet');
  }
}
