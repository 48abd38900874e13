import { goQuote } from '../apimachinery/field-error.ts';
import { LabelSelectorError, type ObjectLabelSelector, parseLabelSelector } from '../apimachinery/labels.ts';
import { sortedMap } from './typed-json.ts';

const operators: Readonly<Record<string, string>> = {
  in: 'In',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

/** The selector of an object that a selector's text means. @throws LabelSelectorError */
export function objectSelector(text: string): ObjectLabelSelector {
  const labels = new Map<string, string>();
  const expressions: { key: string; operator: string; values?: readonly string[] }[] = [];
  for (const { key, operator, values } of requirementsOf(text)) {
    if (operator === '=' || operator === '==') {
      labels.set(key, values[0] ?? '');
      continue;
    }
    const name = operators[operator];
    if (name === undefined) {
      if (operator === '!=') throw new LabelSelectorError('"!=" is not a valid label selector operator');
      throw new LabelSelectorError(`${goQuote(operator)} isn't supported in label selectors`);
    }
    expressions.push({ key, operator: name, ...(values.length === 0 ? {} : { values: values.toSorted() }) });
  }
  const matchLabels = sortedMap(labels);
  return {
    ...(matchLabels === undefined ? {} : { matchLabels }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

function requirementsOf(text: string): ReturnType<typeof parseLabelSelector> {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (!(error instanceof LabelSelectorError)) throw error;
    throw new LabelSelectorError(`couldn't parse the selector string "${text}": ${error.message}`);
  }
}
