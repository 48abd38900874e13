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
 * @throws LabelSelectorError for an operator that does not exist.
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
    requirements.push({ key: expression.key, operator, values: (expression.values ?? []).toSorted() });
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
      if (!has || !/^[+-]?\d+$/.test(value)) return false;
      const bound = BigInt(requirement.values[0] ?? '0');
      return requirement.operator === 'gt' ? BigInt(value) > bound : BigInt(value) < bound;
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
const selectorPath = new FieldPath();

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
      if (token.kind === 'identifier' || token.text === '!') {
        requirements.push(this.#parseRequirement());
        const after = this.#peek();
        if (after.kind === 'end') return requirements;
        if (after.text !== ',') throw new LabelSelectorError(`found '${after.text}', expected: ',' or 'end of string'`);
        this.#position++;
        const next = this.#peek();
        if (next.kind !== 'identifier' && next.text !== '!') {
          throw new LabelSelectorError(`found '${next.text}', expected: identifier after ','`);
        }
      } else {
        throw new LabelSelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '' };
  }

  #parseRequirement(): LabelRequirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (!(error instanceof LabelSelectorError)) throw error;
      throw new LabelSelectorError(`unable to parse requirement: ${error.message}`);
    }
  }

  #requirement(): LabelRequirement {
    const isNot = this.#peek().text === '!';
    if (isNot) this.#position++;
    const token = this.#peek();
    if (token.kind !== 'identifier') throw new LabelSelectorError(`found '${token.text}', expected: identifier`);
    this.#position++;
    const key = token.text;
    for (const message of isQualifiedName(key)) {
      throw new LabelSelectorError(`<nil>: Invalid value: ${goQuote(key)}: ${message}`);
    }
    if (isNot) return { key, operator: '!', values: [] };
    const after = this.#peek();
    if (after.kind === 'end' || after.text === ',') return { key, operator: 'exists', values: [] };
    this.#position++;
    const operator = operators[after.text];
    if (operator === undefined) {
      throw new LabelSelectorError(`found '${after.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#valueList() : [this.#exactValue()];
    checkValues(key, operator, values);
    return { key, operator, values };
  }

  #exactValue(): string {
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return '';
    if (token.kind !== 'identifier') throw new LabelSelectorError(`found '${token.text}', expected: identifier`);
    this.#position++;
    return token.text;
  }

  #valueList(): string[] {
    if (this.#peek().text !== '(') throw new LabelSelectorError(`found '${this.#peek().text}' expected: '('`);
    this.#position++;
    const values: string[] = [];
    let expectsValue = true;
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'identifier') {
        values.push(token.text);
        expectsValue = false;
      } else if (token.text === ',') {
        if (expectsValue) values.push('');
        expectsValue = true;
      } else if (token.text === ')') {
        if (expectsValue && values.length > 0) values.push('');
        this.#position++;
        return [...new Set(values)].sort();
      } else {
        throw new LabelSelectorError(`found '${token.text}', expected: ',', ')' or identifier`);
      }
      this.#position++;
    }
  }
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

function checkValues(key: string, operator: LabelOperator, values: readonly string[]): void {
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    throw new LabelSelectorError("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if (operator === 'gt' || operator === 'lt') {
    if (!/^[+-]?\d+$/.test(values[0] ?? '')) {
      throw new LabelSelectorError(
        `values[0]: Invalid value: ${goQuote(values[0] ?? '')}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    return;
  }
  values.forEach((value, index) => {
    const message = isValidLabelValue(value)[0];
    if (message === undefined) return;
    const error = invalid(selectorPath.child('values').index(index).key(key), value, message);
    throw new LabelSelectorError(`${error.field}: ${error.body}`);
  });
}
