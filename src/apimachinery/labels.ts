import { type FieldError, FieldPath, fieldForbidden, goQuote, invalid, required } from './field-error.ts';
import { isQualifiedName, isValidLabelValue } from './names.ts';

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on one label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** All requirements must hold; none at all matches everything. */
export type LabelSelector = readonly LabelRequirement[];

/** A selector inside an object (metav1.LabelSelector). */
export interface ObjectLabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** A selector text that cannot be read. */
export class LabelSelectorError extends Error {}

/**
 * Reads a selector as labels.Parse does: `a=b,c!=d,e in (f,g),h,!i,j>1`.
 * @throws LabelSelectorError with the text of the real parser.
 */
export function parseLabelSelector(text: string): LabelSelector {
  const reader = new SelectorReader(text);
  const requirements = reader.read();
  return requirements.toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
}

/** Whether labels satisfy the selector. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => requirementHolds(requirement, labels));
}

/** The text of a selector, as labels.Selector.String writes it. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.map(formatRequirement).join(',');
}

/**
 * The selector that an object states; undefined (no selector) matches nothing, an empty one everything.
 * @throws LabelSelectorError for an operator that does not exist and for keys and values that cannot be.
 */
export function selectorFromObject(selector: ObjectLabelSelector | undefined): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=' as const,
    values: [value],
  }));
  for (const expression of selector.matchExpressions ?? []) {
    const operator = objectOperators[expression.operator];
    if (operator === undefined) {
      throw new LabelSelectorError(`"${expression.operator}" is not a valid label selector operator`);
    }
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw new LabelSelectorError(problem);
  }
  return requirements.toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
}

/** Whether an object's selector matches labels. */
export function labelSelectorMatches(
  selector: ObjectLabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const parsed = selectorFromObject(selector);
  return parsed !== undefined && matchesLabels(parsed, labels);
}

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** Checks a selector of an object (metav1 validation.ValidateLabelSelector). */
export function validateLabelSelector(
  selector: ObjectLabelSelector | undefined,
  path: FieldPath,
  allowInvalidValues = false,
): FieldError[] {
  if (selector === undefined) return [];
  const errors = Object.entries(selector.matchLabels ?? {}).flatMap(([key, value]) =>
    validateLabel(key, value, path.child('matchLabels')),
  );
  (selector.matchExpressions ?? []).forEach((expression, index) => {
    const at = path.child('matchExpressions').index(index);
    const values = expression.values ?? [];
    if (expression.operator === 'In' || expression.operator === 'NotIn') {
      if (values.length === 0) {
        errors.push(required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (expression.operator === 'Exists' || expression.operator === 'DoesNotExist') {
      if (values.length > 0) {
        const message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(fieldForbidden(at.child('values'), message));
      }
    } else {
      errors.push(invalid(at.child('operator'), expression.operator, 'not a valid selector operator'));
    }
    for (const message of isQualifiedName(expression.key))
      errors.push(invalid(at.child('key'), expression.key, message));
    if (!allowInvalidValues) {
      values.forEach((value, position) => {
        for (const message of isValidLabelValue(value)) {
          errors.push(invalid(at.child('values').index(position), value, message));
        }
      });
    }
  });
  return errors;
}

/** Checks one label (metav1 validation.ValidateLabels). */
export function validateLabel(key: string, value: string, path: FieldPath): FieldError[] {
  return [
    ...isQualifiedName(key).map((message) => invalid(path, key, message)),
    ...isValidLabelValue(value).map((message) => invalid(path, value, message)),
  ];
}

/** Checks a map of labels. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => validateLabel(key, value, path));
}

function requirementHolds(requirement: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const has = Object.hasOwn(labels, requirement.key);
  const value = has ? (labels[requirement.key] ?? '') : '';
  switch (requirement.operator) {
    case 'in':
    case '=':
    case '==':
      return has && requirement.values.includes(value);
    case 'notin':
    case '!=':
      return !has || !requirement.values.includes(value);
    case 'exists':
      return has;
    case '!':
      return !has;
    default: {
      const text = requirement.values[0] ?? '';
      if (!has || !isInt64(value) || !isInt64(text)) return false;
      const difference = BigInt(value.replace(/^\+/, '')) - BigInt(text.replace(/^\+/, ''));
      return requirement.operator === 'gt' ? difference > 0n : difference < 0n;
    }
  }
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case '!':
      return `!${key}`;
    case 'exists':
      return key;
    case 'in':
      return `${key} in (${values.toSorted().join(',')})`;
    case 'notin':
      return `${key} notin (${values.toSorted().join(',')})`;
    case 'gt':
      return `${key}>${values[0] ?? ''}`;
    case 'lt':
      return `${key}<${values[0] ?? ''}`;
    default:
      return `${key}${operator}${values[0] ?? ''}`;
  }
}

interface Token {
  readonly kind: 'identifier' | 'symbol' | 'end';
  readonly text: string;
}

const symbols = ['==', '!=', '=', '!', '(', ')', ',', '>', '<'];

class SelectorReader {
  readonly #tokens: Token[] = [];
  #position = 0;

  constructor(text: string) {
    let rest = text.replace(/^[\s]+/, '');
    while (rest !== '') {
      const symbol = symbols.find((candidate) => rest.startsWith(candidate));
      const word = symbol ?? /^[^\s=!(),><]+/.exec(rest)?.[0] ?? '';
      this.#tokens.push({ kind: symbol === undefined ? 'identifier' : 'symbol', text: word });
      rest = rest.slice(word.length).replace(/^[\s]+/, '');
    }
  }

  read(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') return requirements;
      if (!startsRequirement(token)) {
        throw new LabelSelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const after = this.#take();
      if (after.kind === 'end') return requirements;
      if (after.text !== ',') throw new LabelSelectorError(`found '${after.text}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (!startsRequirement(next)) {
        throw new LabelSelectorError(`found '${next.text}', expected: identifier after ','`);
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '' };
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #requirement(): LabelRequirement {
    const isNot = this.#peek().text === '!';
    if (isNot) this.#position++;
    const token = this.#take();
    if (token.kind !== 'identifier') throw misfit(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyProblems = isQualifiedName(key);
    if (keyProblems.length > 0) throw misfit(`<nil>: Invalid value: ${goQuote(key)}: ${keyProblems.join('; ')}`);
    const after = this.#peek();
    if (isNot) return { key, operator: '!', values: [] };
    if (after.kind === 'end' || after.text === ',') return { key, operator: 'exists', values: [] };
    this.#position++;
    const operator = Object.hasOwn(operators, after.text) ? operators[after.text] : undefined;
    if (operator === undefined) throw misfit(`found '${after.text}', expected: in, notin, =, ==, !=, gt, lt`);
    const values = operator === 'in' || operator === 'notin' ? this.#valueList() : [this.#exactValue()];
    const requirement = { key, operator, values };
    const problem = requirementProblem(requirement);
    if (problem !== undefined) throw misfit(problem);
    return requirement;
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return '';
    const token = this.#take();
    if (token.kind !== 'identifier') throw misfit(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #valueList(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw misfit(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.text === ')') {
      this.#position++;
      return [''];
    }
    if (first.kind !== 'identifier' && first.text !== ',') {
      throw misfit(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.kind === 'identifier') {
        values.add(token.text);
        if (next.text === ',') continue;
        if (next.text !== ')') throw misfit(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.text === ',') {
        if (values.size === 0 || next.text === ',' || next.text === ')') values.add('');
        if (next.text !== ')') continue;
      } else {
        throw misfit(`found '${token.text}', expected: ',', or identifier`);
      }
      this.#position++;
      return [...values].sort();
    }
  }
}

function startsRequirement(token: Token): boolean {
  return token.kind === 'identifier' || token.text === '!';
}

function misfit(problem: string): LabelSelectorError {
  return new LabelSelectorError(`unable to parse requirement: ${problem}`);
}

const operators: Readonly<Record<string, LabelOperator>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  in: 'in',
  notin: 'notin',
  '>': 'gt',
  '<': 'lt',
};

/** What is wrong with a requirement, as labels.NewRequirement tells it: all problems in one text. */
function requirementProblem({ key, operator, values }: LabelRequirement): string | undefined {
  const errors: FieldError[] = isQualifiedName(key).map((message) => invalid(new FieldPath('key'), key, message));
  const path = new FieldPath('values');
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    errors.push(invalid(path, values, "for 'in', 'notin' operators, values set can't be empty"));
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    errors.push(invalid(path, values, 'values set must be empty for exists and does not exist'));
  }
  if ((operator === 'gt' || operator === 'lt') && !isInt64(values[0] ?? '')) {
    const message = "for 'Gt', 'Lt' operators, the value must be an integer";
    errors.push(invalid(path.index(0), values[0] ?? '', message));
  }
  values.forEach((value, index) => {
    const problems = isValidLabelValue(value);
    if (problems.length > 0) errors.push(invalid(path.index(index).key(key), value, problems.join('; ')));
  });
  const texts = errors.map(({ field, body }) => `${field}: ${body}`);
  return texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
}

function isInt64(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false;
  const value = BigInt(text.replace(/^\+/, ''));
  return value >= -(2n ** 63n) && value < 2n ** 63n;
}
