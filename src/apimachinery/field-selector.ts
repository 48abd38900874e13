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
  const terms = splitTerms(text).filter((term) => term !== '');
  return terms.sort().map((term): FieldRequirement => {
    const at = /!=|==|=/.exec(term);
    if (at === null) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const operator = at[0] === '!=' ? '!=' : '=';
    return { field: term.slice(0, at.index), operator, value: unescape(term.slice(at.index + at[0].length)) };
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

function unescape(value: string): string {
  let result = '';
  const chars = Array.from(value);
  for (let index = 0; index < chars.length; index++) {
    const char = chars[index] ?? '';
    if (char === '=' || char === ',') {
      // Go prints the character's number.
      const code = char.codePointAt(0) ?? 0;
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${code}`);
    }
    if (char !== '\\') {
      result += char;
      continue;
    }
    const next = chars[++index] ?? '';
    if (!['\\', ',', '='].includes(next)) {
      throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${next}`);
    }
    result += next;
  }
  return result;
}
