import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../apimachinery/labels.ts';

/** What an access review says of a selector: its text, or its parts. */
interface ReviewedSelector {
  readonly rawSelector?: string;
  readonly requirements?: readonly ReviewedRequirement[];
}

interface ReviewedRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** A selector as authorizers are told of it, and whether all of it, some or nothing could be read. */
export interface ReadSelector {
  readonly text: string;
  readonly problem: '' | 'partially ignored due to parse error' | 'ignored due to parse error';
}

/**
 * Reads a field selector. What cannot be read is left out: that makes the question wider, never narrower (KEP-4601).
 */
export function readFieldSelector(selector: ReviewedSelector | undefined): ReadSelector {
  return read(selector, parseFieldSelector, ({ key = '', operator, values = [] }) => {
    const [value] = values;
    if (values.length !== 1 || value === undefined) return undefined;
    if (operator === 'In') return `${key}=${value}`;
    return operator === 'NotIn' ? `${key}!=${value}` : undefined;
  });
}

/** Reads a label selector, as `readFieldSelector` does. */
export function readLabelSelector(selector: ReviewedSelector | undefined): ReadSelector {
  return read(selector, parseLabelSelector, ({ key = '', operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    if (operator === 'In') return `${key} in (${values.join(',')})`;
    return operator === 'NotIn' ? `${key} notin (${values.join(',')})` : undefined;
  });
}

function read(
  { rawSelector = '', requirements = [] }: ReviewedSelector = {},
  parse: (text: string) => unknown,
  textOf: (requirement: ReviewedRequirement) => string | undefined,
): ReadSelector {
  const isReadable = (text: string | undefined): text is string => {
    if (text === undefined) return false;
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
  if (rawSelector !== '') {
    return isReadable(rawSelector)
      ? { text: rawSelector, problem: '' }
      : { text: '', problem: 'ignored due to parse error' };
  }
  const texts = requirements.map(textOf).filter(isReadable);
  const text = texts.join(',');
  if (texts.length === requirements.length) return { text, problem: '' };
  return { text, problem: texts.length === 0 ? 'ignored due to parse error' : 'partially ignored due to parse error' };
}
