import { goQuote } from './field-error.ts';

const secondsLayout = '2006-01-02T15:04:05Z07:00';
const microLayout = '2006-01-02T15:04:05.000000Z07:00';

/** The parts of a layout in the order they are read: what they match, and how the layout writes them. */
const dateParts: readonly { readonly pattern: RegExp; readonly layout: string }[] = [
  { pattern: /^\d{4}/, layout: '2006' },
  { pattern: /^-/, layout: '-' },
  { pattern: /^\d{2}/, layout: '01' },
  { pattern: /^-/, layout: '-' },
  { pattern: /^\d{2}/, layout: '02' },
  { pattern: /^T/, layout: 'T' },
  { pattern: /^\d{2}/, layout: '15' },
  { pattern: /^:/, layout: ':' },
  { pattern: /^\d{2}/, layout: '04' },
  { pattern: /^:/, layout: ':' },
  { pattern: /^\d{2}/, layout: '05' },
];

/**
 * Reads a metav1.Time and gives its one way of writing: UTC with whole seconds.
 * @throws Error with the text of Go's time.Parse.
 */
export function canonicalTime(text: string): string {
  const { millis } = parseTime(text, secondsLayout, /^([.,]\d+)?/);
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}

/** Reads a metav1.MicroTime: exactly six digits after the point. @throws Error with the text of Go's time.Parse. */
export function canonicalMicroTime(text: string): string {
  const { millis, fraction } = parseTime(text, microLayout, /^\.\d{6}/);
  return `${new Date(millis).toISOString().slice(0, 19)}${fraction.slice(0, 7).padEnd(7, '0')}Z`;
}

function parseTime(text: string, layout: string, fractionPattern: RegExp): { millis: number; fraction: string } {
  let rest = text;
  for (const part of dateParts) {
    const match = part.pattern.exec(rest);
    if (match === null) throw cannotParse(text, layout, rest, part.layout);
    rest = rest.slice(match[0].length);
  }
  checkRanges(text);
  const fraction = fractionPattern.exec(rest);
  if (fraction === null) throw cannotParse(text, layout, rest, '.000000');
  rest = rest.slice(fraction[0].length);
  const zone = /^(Z|[+-]\d{2}:\d{2})/.exec(rest);
  if (zone === null) throw cannotParse(text, layout, rest, 'Z07:00');
  if (rest.length > zone[0].length) {
    throw new Error(`parsing time ${goQuote(text)}: extra text: ${goQuote(rest.slice(zone[0].length))}`);
  }
  const millis = Date.parse(`${text.slice(0, 19)}Z`) - offsetMillis(text, zone[0]);
  return { millis, fraction: fraction[0] };
}

/** @throws Error for more than 24 hours or 60 minutes, both of which Go lets pass themselves */
function offsetMillis(text: string, zone: string): number {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 24) throw new Error(`parsing time ${goQuote(text)}: time zone offset hour out of range`);
  if (minutes > 60) throw new Error(`parsing time ${goQuote(text)}: time zone offset minute out of range`);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function checkRanges(text: string): void {
  const [month, day, hour, minute, second] = [5, 8, 11, 14, 17].map((start) => Number(text.slice(start, start + 2)));
  const outOfRange = (what: string): Error => new Error(`parsing time ${goQuote(text)}: ${what} out of range`);
  if ((month ?? 0) < 1 || (month ?? 0) > 12) throw outOfRange('month');
  const days = new Date(Date.UTC(Number(text.slice(0, 4)), month ?? 1, 0)).getUTCDate();
  if ((day ?? 0) < 1 || (day ?? 0) > days) throw outOfRange('day');
  if ((hour ?? 0) > 23) throw outOfRange('hour');
  if ((minute ?? 0) > 59) throw outOfRange('minute');
  if ((second ?? 0) > 59) throw outOfRange('second');
}

function cannotParse(text: string, layout: string, rest: string, element: string): Error {
  return new Error(
    `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(element)}`,
  );
}

/** A moment as Go prints one in UTC: `2006-01-02 15:04:05.999 +0000 UTC`. */
export function showGoTime(millis: number): string {
  const [date = '', time = ''] = new Date(millis).toISOString().split('T');
  const [seconds = '', fraction = ''] = time.replace('Z', '').split('.');
  const digits = fraction.replace(/0+$/, '');
  return `${date} ${seconds}${digits === '' ? '' : `.${digits}`} +0000 UTC`;
}
