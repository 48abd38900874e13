import { compareSemanticVersions, type SemanticVersion } from '../../apimachinery/semantic-version.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { type CelType, structType, types } from '../types.ts';
import { CelEvaluationError, CelOpaque, type CelValue } from '../values.ts';
import { opaqueOf, textOf } from './arguments.ts';

const { bool, int, string } = types;
const semverType = structType('kubernetes.Semver');

/** A version as of semver.org, 2.0.0. */
export class CelSemver extends CelOpaque implements SemanticVersion {
  readonly type: CelType = semverType;
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  equalTo(other: CelOpaque): boolean {
    return other instanceof CelSemver && compareSemanticVersions(this, other) === 0;
  }
}

/** The value of a version such as `1.2.3`. @throws CelEvaluationError for what is none */
export function celSemverOf(text: string): CelSemver {
  if (text === '') throw new CelEvaluationError('Version string empty');
  const [, core = '', pre, build] = /^([^+-]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(text) ?? [];
  const numbers = core.split('.');
  if (numbers.length !== 3) throw new CelEvaluationError('No Major.Minor.Patch elements found');
  for (const [index, name] of ['major', 'minor', 'patch'].entries()) {
    const number = numbers[index] ?? '';
    if (!/^\d+$/.test(number)) {
      const kind = name.charAt(0).toUpperCase() + name.slice(1);
      throw new CelEvaluationError(
        `Invalid character(s) found in ${kind.toLowerCase()} number ${JSON.stringify(number)}`,
      );
    }
    if (/^0\d/.test(number)) {
      const kind = name.charAt(0).toUpperCase() + name.slice(1);
      throw new CelEvaluationError(`${kind} number must not contain leading zeroes ${JSON.stringify(number)}`);
    }
  }
  for (const part of pre?.split('.') ?? []) {
    if (part === '') throw new CelEvaluationError('Prerelease is empty');
    if (!/^[\dA-Za-z-]+$/.test(part)) {
      throw new CelEvaluationError(`Invalid character(s) found in prerelease ${JSON.stringify(part)}`);
    }
    if (/^0\d+$/.test(part)) {
      throw new CelEvaluationError(
        `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`,
      );
    }
  }
  for (const part of build?.split('.') ?? []) {
    if (part === '') throw new CelEvaluationError('Build meta data is empty');
    if (!/^[\dA-Za-z-]+$/.test(part)) {
      throw new CelEvaluationError(`Invalid character(s) found in build meta data ${JSON.stringify(part)}`);
    }
  }
  return new CelSemver(numbers.map(BigInt), pre?.split('.') ?? []);
}

/** A leading v, leading zeros and missing parts are forgiven. */
function normalize(text: string): string {
  const parts = text.replace(/^v/, '').split('.');
  const three = parts.length > 3 ? [...parts.slice(0, 2), parts.slice(2).join('.')] : parts;
  const trimmed = three.map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? '')) {
    throw new CelEvaluationError('short version cannot contain PreRelease/Build meta data');
  }
  while (trimmed.length < 3) trimmed.push('0');
  return trimmed.join('.');
}

function read([text, lenient = false]: readonly CelValue[]): CelSemver {
  return celSemverOf(lenient === true ? normalize(textOf(text)) : textOf(text));
}

function isSemver(args: readonly CelValue[]): boolean {
  try {
    read(args);
    return true;
  } catch (error) {
    if (error instanceof CelEvaluationError) return false;
    throw error;
  }
}

function part(name: string, index: number): FunctionDeclaration {
  return declare(
    name,
    member(`semver_${name}`, [semverType], int, ([version]) => opaqueOf(version, CelSemver).numbers[index] ?? 0n),
  );
}

function compared(
  name: string,
  id: string,
  result: CelType,
  call: (order: -1 | 0 | 1) => CelValue,
): FunctionDeclaration {
  return declare(
    name,
    member(id, [semverType, semverType], result, ([left, right]) =>
      call(compareSemanticVersions(opaqueOf(left, CelSemver), opaqueOf(right, CelSemver))),
    ),
  );
}

/** Kubernetes' functions for versions. */
export const semverLibrary: readonly FunctionDeclaration[] = [
  declare(
    'semver',
    overload('string_to_semver', [string], semverType, read),
    overload('string_bool_to_semver', [string, bool], semverType, read),
  ),
  declare(
    'isSemver',
    overload('is_semver_string', [string], bool, isSemver),
    overload('is_semver_string_bool', [string, bool], bool, isSemver),
  ),
  compared('isLessThan', 'semver_is_less_than', bool, (order) => order < 0),
  compared('isGreaterThan', 'semver_is_greater_than', bool, (order) => order > 0),
  compared('compareTo', 'semver_compare_to', int, BigInt),
  part('major', 0),
  part('minor', 1),
  part('patch', 2),
];
