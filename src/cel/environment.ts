import { type CheckedExpression, checkExpression, type TypeProvider } from './checker.ts';
import { estimateCost, type SizeEstimator } from './cost-estimate.ts';
import type { CostRange } from './cost-ranges.ts';
import { type FunctionDeclaration, mergeDeclarations } from './declarations.ts';
import { planProgram, type Program, type StructMaker } from './evaluator.ts';
import { CelCompileError } from './issues.ts';
import { addressLibrary } from './library/addresses.ts';
import { authorizerLibrary } from './library/authorizer.ts';
import { comprehensionLibrary, listLibrary, moreListsLibrary, setLibrary } from './library/lists.ts';
import { optionalLibrary } from './library/optionals.ts';
import { quantityLibrary } from './library/quantities.ts';
import { semverLibrary } from './library/semantic-versions.ts';
import { stringLibrary } from './library/strings.ts';
import { formatLibrary, regexLibrary, urlLibrary } from './library/texts.ts';
import { failedConversion } from './literal-conversions.ts';
import { checkLiterals } from './literal-checks.ts';
import { parseExpression } from './parser.ts';
import { standardLibrary } from './standard-library.ts';
import type { CelType } from './types.ts';
import { CelEvaluationError } from './values.ts';

/** What expressions of one kind may use. */
export interface EnvironmentOptions {
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Objects with declared fields. */
  readonly provider?: TypeProvider;
  /** Functions beside those that every expression in Kubernetes has. */
  readonly libraries?: readonly (readonly FunctionDeclaration[])[];
  /** Makes the messages that expressions construct. */
  readonly makeStruct?: StructMaker;
}

/** Compiles expressions. */
export interface Environment {
  /** Parses and checks. @throws CelCompileError with everything that is wrong */
  compile(text: string): CompiledExpression;
}

/** An expression that is fit to be run. */
export interface CompiledExpression extends Program {
  readonly text: string;
  readonly type: CelType;
  readonly checked: CheckedExpression;
  /** The work it can take, by what the types of its variables bound. */
  estimateCost(sizes: SizeEstimator): CostRange;
  /** What goes wrong already when the expression is made ready to run; undefined when nothing does. */
  instantiationFailure(): string | undefined;
}

/** The most work that one expression may take at run time. */
export const perCallCostLimit = 1_000_000;

const noTypes: TypeProvider = { hasType: () => false, fieldType: () => undefined };

/** The functions of every expression in Kubernetes 1.36 (apiserver's cel/environment/base.go). */
export const kubernetesLibraries: readonly (readonly FunctionDeclaration[])[] = [
  standardLibrary,
  optionalLibrary,
  comprehensionLibrary,
  urlLibrary,
  regexLibrary,
  listLibrary,
  quantityLibrary,
  stringLibrary,
  setLibrary,
  addressLibrary,
  formatLibrary,
  semverLibrary,
  authorizerLibrary,
  moreListsLibrary,
];

const baseFunctions = mergeDeclarations(kubernetesLibraries);

/** An environment with Kubernetes' functions and some variables. */
export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  const { libraries = [], provider = noTypes } = options;
  const functions = libraries.length === 0 ? baseFunctions : mergeDeclarations([...kubernetesLibraries, ...libraries]);
  const variables = new Map(Object.entries(options.variables ?? {}));
  const makeStruct: StructMaker =
    options.makeStruct ??
    ((name) => {
      throw new CelEvaluationError(`unknown type '${name}'`);
    });
  return {
    compile(text) {
      const parsed = parseExpression(text);
      const checked = checkExpression(parsed, { variables, functions, provider });
      const issues = checkLiterals(checked);
      if (issues.length > 0) throw new CelCompileError(parsed.source, issues);
      let program: Program | undefined;
      return {
        text,
        type: checked.type,
        checked,
        estimateCost: (sizes) => estimateCost(checked, sizes),
        instantiationFailure: () => failedConversion(checked, functions),
        evaluate(activation, limit = perCallCostLimit) {
          program ??= planProgram(checked, functions, makeStruct);
          return program.evaluate(activation, limit);
        },
      };
    },
  };
}
