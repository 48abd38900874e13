import {
  checkImmutable,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type { KubeObject, Unstructured } from '../../../apimachinery/object-meta.ts';
import { compareSemanticVersions, parseSemanticVersion } from '../../../apimachinery/semantic-version.ts';
import type { Strategy } from '../../resource-definition.ts';

/** coordination.k8s.io LeaseCandidate. */
export interface LeaseCandidate extends KubeObject {
  readonly spec?: {
    readonly leaseName?: string;
    readonly binaryVersion?: string;
    readonly emulationVersion?: string;
    readonly strategy?: string;
  };
}

const path = new FieldPath('spec');
const byVersion = 'OldestEmulationVersion';

/** A candidate names its lease for good, and says which versions it is of. */
export const leaseCandidateStrategy: Strategy = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  // Names are not looked at.
  validateName: () => [],
  validateCreate: (object) => validateSpec(candidateOf(object)),
  validateUpdate: (object, old) => [
    ...validateSpec(candidateOf(object)),
    ...checkImmutable(
      path.child('leaseName'),
      candidateOf(object).spec?.leaseName ?? '',
      candidateOf(old).spec?.leaseName ?? '',
    ),
  ],
};

function candidateOf(object: Unstructured): LeaseCandidate {
  return object;
}

function validateSpec({ spec = {} }: LeaseCandidate): FieldError[] {
  const { leaseName = '', binaryVersion = '', emulationVersion = '', strategy = '' } = spec;
  const errors: FieldError[] = leaseName === '' ? [required(path.child('leaseName'))] : [];
  const notSemantic = 'must be a valid semantic version';
  const [emulated, binary] = [emulationVersion, binaryVersion].map(parseSemanticVersion);
  if (emulationVersion !== '' && emulated === undefined) {
    errors.push(invalid(path.child('emulationVersion'), emulationVersion, notSemantic));
  }
  const binaryPath = path.child('binaryVersion');
  if (binaryVersion === '') errors.push(required(binaryPath));
  else if (binary === undefined) errors.push(invalid(binaryPath, binaryVersion, notSemantic));
  // What is no version counts as 0.0.0.
  const zero = { numbers: [0n, 0n, 0n], prerelease: [] };
  const isOlder = compareSemanticVersions(binary ?? zero, emulated ?? zero) < 0;
  if (binaryVersion !== '' && emulationVersion !== '' && isOlder) {
    errors.push(invalid(binaryPath, binaryVersion, 'must be greater than or equal to `emulationVersion`'));
  }
  if (strategy === '') return [...errors, required(path.child('strategy'))];
  if (strategy === byVersion && compareSemanticVersions(emulated ?? zero, zero) === 0) {
    const text = `must be specified when \`strategy\` is '${byVersion}'`;
    errors.push(required(path.child('emulationVersion'), text));
  }
  return [...errors, ...validateStrategy(strategy, path.child('strategy', 'strategy'))];
}

/** Strategies of others have a domain; the path is that of the real server. */
function validateStrategy(strategy: string, at: FieldPath): FieldError[] {
  if (strategy.includes('/')) return invalidFor(at, strategy, isQualifiedName(strategy));
  return strategy === byVersion ? [] : [notSupported(at, strategy, [byVersion])];
}
