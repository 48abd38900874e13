import { type CompiledExpression, createEnvironment, type Environment } from '../../../cel/environment.ts';
import { type DeclaredType, declaredTypeProvider } from '../../../cel/declared-types.ts';
import { CelCompileError } from '../../../cel/issues.ts';
import { authorizerType, resourceCheckType } from '../../../cel/library/authorizer.ts';
import { jsonPatchLibrary } from '../../../cel/library/texts.ts';
import { type CelType, isSameType, listType, types } from '../../../cel/types.ts';
import { makePatchObject } from './patch-values.ts';
import {
  composedType,
  jsonPatchType,
  namespaceType,
  patchObjectType,
  policyTypeProvider,
  requestType,
  variablesType,
} from './policy-types.ts';

/** Which variables an expression may use besides those that all have. */
export interface PolicyScope {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** The types of patches, for mutations. */
  readonly hasPatchTypes?: boolean;
}

/** The types of the objects that a policy is about, where it is checked against them. */
export interface DeclaredVariables {
  /** Of `object` and `oldObject`. */
  readonly object?: DeclaredType;
  readonly params?: DeclaredType;
}

/** A compiled expression, or why it cannot be used. */
export type PolicyExpression =
  | { readonly text: string; readonly program: CompiledExpression; readonly error?: never }
  | { readonly text: string; readonly program?: never; readonly error: string };

/** What the expressions of policies must come to. */
export const policyResults = {
  condition: [types.bool],
  message: [types.string],
  auditAnnotation: [types.string, types.null],
  applyConfiguration: [patchObjectType],
  jsonPatch: [listType(jsonPatchType)],
} satisfies Record<string, readonly CelType[]>;

/**
 * Compiles the expressions of one policy, or the match conditions of a webhook (KEP-3488, KEP-3716, KEP-3962).
 * `variables` are there once one was added, or when they are asked for.
 */
export class PolicyCompiler {
  readonly variables = new Map<string, PolicyExpression>();
  readonly #types: Map<string, CelType> | undefined;
  readonly #environments = new Map<string, Environment>();
  readonly #declared: DeclaredVariables;

  /**
   * @param isComposed whether expressions may use `variables`
   * @param declared what is known of the objects; they may be anything when absent
   */
  constructor(isComposed: boolean, declared: DeclaredVariables = {}) {
    this.#types = isComposed ? new Map() : undefined;
    this.#declared = declared;
  }

  /** @param results the types that are accepted; any when absent */
  compile(text: string, scope: PolicyScope, results?: readonly CelType[]): PolicyExpression {
    let program: CompiledExpression;
    try {
      program = this.#environment(scope).compile(text);
    } catch (error) {
      if (error instanceof CelCompileError) return { text, error: `compilation failed: ${error.message}` };
      throw error;
    }
    if (results === undefined || results.some((result) => isSameType(result, program.type))) {
      const failure = program.instantiationFailure();
      return failure === undefined ? { text, program } : { text, error: `program instantiation failed: ${failure}` };
    }
    const [only, ...others] = results.map(runtimeName);
    const wanted = others.length === 0 ? only : `one of [${[only, ...others].join(' ')}]`;
    return { text, error: `must evaluate to ${wanted} but got ${runtimeName(program.type)}` };
  }

  /** Compiles a variable and makes it known to the expressions that follow. */
  addVariable(name: string, text: string, scope: PolicyScope): PolicyExpression {
    const compiled = this.compile(text, scope);
    this.#types?.set(name, compiled.program === undefined ? types.dyn : composedType(compiled.program.type));
    this.variables.set(name, compiled);
    return compiled;
  }

  #environment({ hasParams, hasAuthorizer, hasPatchTypes = false }: PolicyScope): Environment {
    const key = [hasParams, hasAuthorizer, hasPatchTypes].join(' ');
    let environment = this.#environments.get(key);
    if (environment === undefined) {
      const { object, params } = this.#declared;
      const declared = declaredTypeProvider(object, params);
      const named = policyTypeProvider(this.#types, hasPatchTypes);
      environment = createEnvironment({
        variables: {
          object: object?.type ?? types.dyn,
          oldObject: object?.type ?? types.dyn,
          namespaceObject: namespaceType,
          request: requestType,
          ...(hasParams ? { params: params?.type ?? types.dyn } : {}),
          ...(hasAuthorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
          ...(this.#types === undefined ? {} : { variables: variablesType }),
        },
        provider: {
          hasType: (name) => named.hasType(name) || declared.hasType(name),
          fieldType: (name, field) => (named.hasType(name) ? named : declared).fieldType(name, field),
        },
        libraries: hasPatchTypes ? [jsonPatchLibrary] : [],
        makeStruct: makePatchObject,
      });
      this.#environments.set(key, environment);
    }
    return environment;
  }
}

/** A type by its name at run time, which is how results are complained of. */
function runtimeName({ name, parameters }: CelType): string {
  return parameters.length === 0 || name === 'type' ? name : `${name}(${parameters.map(runtimeName).join(', ')})`;
}
