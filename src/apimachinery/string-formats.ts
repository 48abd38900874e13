import { isIP } from 'node:net';
import { parseDuration } from './duration.ts';
import { parseRequestUri } from './go-url.ts';
import { isDns1123Label, isDns1123Subdomain } from './names.ts';

type Test = (text: string) => boolean;

function matches(pattern: RegExp): Test {
  return (text) => pattern.test(text);
}

function succeeds(read: (text: string) => unknown): Test {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [, year = '', month = '', day = ''] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isDateTime(text: string): boolean {
  const [date = '', time] = text.toLowerCase().split('t');
  if (time === undefined || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  if (match === null) return false;
  const [, hours = '', minutes = '', seconds = ''] = match;
  return hours <= '23' && minutes <= '59' && seconds <= '59';
}

/** Go's form, or words as Scala writes them: `3 seconds`. */
function isDuration(text: string): boolean {
  if (succeeds(parseDuration)(text)) return true;
  const units = /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr.*|hour.*|d|day.*|w|week.*)$/i;
  return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, unit = '']) => units.test(unit));
}

function isCidr(text: string): boolean {
  const [, address = '', length = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128) && !/^0\d/.test(length);
}

function isAddress(text: string): boolean {
  return isIP(withoutLeadingZeros(text)) !== 0 && !text.includes('%');
}

/** Numbers of addresses may begin with zeros, which is how Go read them once. */
function withoutLeadingZeros(text: string): string {
  return text.replaceAll(/(?<=^|\.)0+(?=\d)/g, '');
}

function isHostname(text: string): boolean {
  const pattern =
    /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u;
  return pattern.test(text) && text.length <= 255 && text.split('.').every((part) => part.length <= 63);
}

function isIsbn(length: 10 | 13): Test {
  return (text) => {
    const digits = text.replaceAll(/[\s-]+/g, '');
    if (length === 13) {
      if (!/^\d{13}$/.test(digits)) return false;
      const sum = Array.from(digits, Number).reduce(
        (total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 3),
        0,
      );
      return sum % 10 === 0;
    }
    if (!/^\d{9}[\dX]$/.test(digits)) return false;
    const values = Array.from(digits, (digit) => (digit === 'X' ? 10 : Number(digit)));
    return values.reduce((total, digit, index) => total + digit * (index + 1), 0) % 11 === 0;
  };
}

function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/\D+/g, '');
  const brands =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;
  if (!brands.test(digits)) return false;
  const sum = Array.from(digits, Number)
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = index % 2 === 1 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}

const rgb = String.raw`(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])`;

/** By their names without dashes. */
const formats: Readonly<Record<string, Test>> = {
  bsonobjectid: matches(/^[\da-fA-F]{24}$/),
  uri: succeeds(parseRequestUri),
  email: (text) => /^(?:[^<>]*<)?(?:[^\s@<>(),;:"[\]]+|"(?:[^"\\]|\\.)*")@[^\s@<>(),;:"]+>?$/.test(text),
  hostname: isHostname,
  ipv4: (text) => isAddress(text) && text.includes('.'),
  ipv6: (text) => isAddress(text) && text.includes(':'),
  cidr: (text) => isCidr(withoutLeadingZeros(text)),
  mac: matches(
    /^(?:(?:[\da-fA-F]{2}:){5}(?:[\da-fA-F]{2}|(?:[\da-fA-F]{2}:){2}[\da-fA-F]{2}|(?:[\da-fA-F]{2}:){14}[\da-fA-F]{2})|(?:[\da-fA-F]{2}-){5}(?:[\da-fA-F]{2}|(?:[\da-fA-F]{2}-){2}[\da-fA-F]{2})|(?:[\da-fA-F]{4}\.){2}(?:[\da-fA-F]{4}|[\da-fA-F]{4}\.[\da-fA-F]{4}))$/,
  ),
  uuid: matches(/^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i),
  uuid3: matches(/^[\da-f]{8}-?[\da-f]{4}-?3[\da-f]{3}-?[\da-f]{4}-?[\da-f]{12}$/i),
  uuid4: matches(/^[\da-f]{8}-?[\da-f]{4}-?4[\da-f]{3}-?[89ab][\da-f]{3}-?[\da-f]{12}$/i),
  uuid5: matches(/^[\da-f]{8}-?[\da-f]{4}-?5[\da-f]{3}-?[89ab][\da-f]{3}-?[\da-f]{12}$/i),
  isbn: (text) => isIsbn(10)(text) || isIsbn(13)(text),
  isbn10: isIsbn(10),
  isbn13: isIsbn(13),
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?(?:[\da-fA-F]{3}|[\da-fA-F]{6})$/),
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${rgb}\\s*,\\s*${rgb}\\s*,\\s*${rgb}\\s*\\)$`)),
  byte: matches(/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=|[A-Za-z\d+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => isDns1123Label(text).length === 0,
  k8slongname: (text) => isDns1123Subdomain(text).length === 0,
};

/** Whether a text format is one that custom resources are checked against; dashes do not matter. */
export function isKnownFormat(format: string): boolean {
  return Object.hasOwn(formats, format.replaceAll('-', ''));
}

/** Whether a text is of a format (kube-openapi's strfmt); true for formats that nobody knows. */
export function matchesFormat(format: string, text: string): boolean {
  const name = format.replaceAll('-', '');
  return !Object.hasOwn(formats, name) || formats[name]?.(text) !== false;
}
