import { goQuote } from '../../apimachinery/field-error.ts';

/** What is wrong with a text, and the rest of it from where that shows. */
class Problem {
  readonly text: string;

  constructor(text: string, rest = '') {
    this.text = rest === '' ? text : `${text} (at ${goQuote(rest)})`;
  }
}

/** Why a text is no address, in the words of Go's net/netip.ParseAddr. */
export function addressProblem(text: string): string {
  // The first of these tells what the text means to be.
  const sign = /[.:%]/.exec(text)?.[0];
  if (sign === '.') return quadProblem(text)?.text ?? '';
  if (sign === ':') return groupsProblem(text)?.text ?? '';
  return sign === '%' ? 'missing IPv6 address' : 'unable to parse IP';
}

function quadProblem(text: string): Problem | undefined {
  let fields = 1;
  let digits = '';
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (/\d/.test(char)) {
      if (digits === '0') return new Problem('IPv4 field has octet with leading zero');
      digits += char;
      if (Number(digits) > 255) return new Problem('IPv4 field has value >255');
    } else if (char !== '.') {
      return new Problem('unexpected character', text.slice(index));
    } else if (digits === '' || index === text.length - 1) {
      return new Problem('IPv4 field must have at least one digit', text.slice(index));
    } else if (fields++ === 4) {
      return new Problem('IPv4 address too long');
    } else digits = '';
  }
  return fields < 4 ? new Problem('IPv4 address too short') : undefined;
}

function groupsProblem(text: string): Problem | undefined {
  const [address = '', ...zone] = text.split('%');
  if (zone.length > 0 && zone.join('%') === '') return new Problem('zone must be a non-empty string');
  let isShortened = address.startsWith('::');
  let rest = isShortened ? address.slice(2) : address;
  let groups = 0;
  while (groups < 8 && !(rest === '' && isShortened)) {
    const digits = /^[\da-f]*/i.exec(rest)?.[0] ?? '';
    if (digits.length > 4) return new Problem('each group must have 4 or less digits', rest);
    if (digits === '') return new Problem('each colon-separated field must have at least one digit', rest);
    if (rest[digits.length] === '.') return quadAtEnd(rest, groups, isShortened);
    groups++;
    rest = rest.slice(digits.length);
    if (rest === '') break;
    if (!rest.startsWith(':')) return new Problem('unexpected character, want colon', rest);
    if (rest === ':') return new Problem('colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (!rest.startsWith(':')) continue;
    if (isShortened) return new Problem('multiple :: in address', rest);
    isShortened = true;
    rest = rest.slice(1);
  }
  if (rest !== '') return new Problem('trailing garbage after address', rest);
  if (groups < 8) return isShortened ? undefined : new Problem('address string too short');
  return isShortened ? new Problem('the :: must expand to at least one field of zeros') : undefined;
}

/** An address of version 6 may end as one of version 4 in the place of two groups. */
function quadAtEnd(rest: string, groups: number, isShortened: boolean): Problem | undefined {
  if (!isShortened && groups !== 6) {
    return new Problem('embedded IPv4 address must replace the final 2 fields of the address', rest);
  }
  if (groups > 6) {
    return new Problem('too many hex fields to fit an embedded IPv4 at the end of the address', rest);
  }
  return quadProblem(rest);
}
