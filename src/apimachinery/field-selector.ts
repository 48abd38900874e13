/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All must hold. */
export type FieldSelector = readonly FieldRequirement[];

/** A field selector that cannot be read. */
export class FieldSelectorError extends Error {}

/**
 * Reads `metadata.name=x,status.phase!=Running`; `\,`, `\=` and `\\` escape (fields.ParseSelector).
 * @throws FieldSelectorError with the real text.
 */
export function parseFieldSelector(text: string): FieldSelector {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term): FieldRequirement => {
      const match = /^((?:[^\\=!]|\\.|!(?!=))*?)(!=|==|=)(.*)$/s.exec(term);
      if (match === null) {
        throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
      }
      const [, field = '', operator = '', value = ''] = match;
      return { field, operator: operator === '!=' ? '!=' : '=', value: unescape(value, text) };
    });
}

/** Whether an object whose fields are read by `valueOf` satisfies the selector. */
export function matchesFields(selector: FieldSelector, valueOf: (field: string) => string): boolean {
  return selector.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === '='));
}

/** The text of a selector. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(',');
}

function escapeValue(value: string): string {
  return value.replaceAll(/[\\,=]/g, (char) => `\\${char}`);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === '\\') {
      term += char + (text[index + 1] ?? '');
      index++;
    } else if (char === ',') {
      terms.push(term);
      term = '';
    } else {
      term += char;
    }
  }
  terms.push(term);
  return terms;
}

function unescape(value: string, whole: string): string {
  let result = '';
  for (let index = 0; index < value.length; index++) {
    const char = value[index] ?? '';
    if (char === '=') throw new FieldSelectorError(`invalid field selector: invalid unescaped character ${char}`);
    if (char !== '\\') {
      result += char;
      continue;
    }
    const next = value[++index];
    if (next === undefined || !['\\', ',', '='].includes(next)) {
      throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${next ?? ''} in ${whole}`);
    }
    result += next;
  }
  return result;
}
