/**
 * Checks of names, as k8s.io/apimachinery/pkg/util/validation and pkg/api/validation make them. Each returns messages;
 * none means that the name is good.
 */

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const labelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^${subdomain}$`);
const label1035Pattern = new RegExp(`^${label1035}$`);
const qualifiedPartPattern = new RegExp(`^${qualifiedPart}$`);
/** One that is good if it is no longer than its parts may be. */
const ordinaryQualifiedName = new RegExp(`^(?:${subdomain}/)?${qualifiedPart}$`);
const labelValuePattern = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const labelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const qualifiedMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `must be no more than N characters`, or bytes where the real one says so (labels, from 1.34 on). */
export function maxLengthMessage(length: number, unit: 'characters' | 'bytes' = 'characters'): string {
  return `must be no more than ${length} ${unit}`;
}

/** `must be no more than N bytes`: what the checks of label keys and values say. */
export function maxBytesMessage(length: number): string {
  return `must be no more than ${length} bytes`;
}

/** `message (e.g. 'a', or 'b', regex used for validation is '…')`. */
function regexMessage(message: string, pattern: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

/** At most 63 characters, `my-name`. */
export function isDns1123Label(value: string): string[] {
  const messages: string[] = [];
  if (value.length > 63) messages.push(maxLengthMessage(63));
  if (!labelPattern.test(value)) {
    messages.push(
      subdomainPattern.test(value) ? 'must not contain dots' : regexMessage(labelMessage, label, 'my-name', '123-abc'),
    );
  }
  return messages;
}

/** At most 253 characters, `example.com`. */
export function isDns1123Subdomain(value: string): string[] {
  const messages: string[] = [];
  if (value.length > 253) messages.push(maxLengthMessage(253));
  if (!subdomainPattern.test(value)) messages.push(regexMessage(subdomainMessage, subdomain, 'example.com'));
  return messages;
}

/** At most 63 characters, starts with a letter. */
export function isDns1035Label(value: string): string[] {
  const messages: string[] = [];
  if (value.length > 63) messages.push(maxLengthMessage(63));
  if (!label1035Pattern.test(value)) {
    messages.push(regexMessage(label1035Message, label1035, 'my-name', 'abc-123'));
  }
  return messages;
}

/** A subdomain whose parts may have underscores: search paths of DNS. */
export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const part = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
  const pattern = `${part}(\\.${part})*`;
  const messages: string[] = [];
  if (value.length > 253) messages.push(maxLengthMessage(253));
  if (!new RegExp(`^${pattern}$`).test(value)) {
    const message =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
    messages.push(regexMessage(message, pattern, 'example.com'));
  }
  return messages;
}

/** A subdomain that may start with `*.`. */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const wildcard = `\\*\\.${subdomain}`;
  const messages: string[] = [];
  if (value.length > 253) messages.push(maxLengthMessage(253));
  if (!new RegExp(`^${wildcard}$`).test(value)) {
    const message =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    messages.push(regexMessage(message, wildcard, '*.example.com'));
  }
  return messages;
}

/** Label and annotation keys: `name` or `prefix.example.com/name`. */
export function isQualifiedName(value: string): string[] {
  if (value.length <= 63 && ordinaryQualifiedName.test(value)) return [];
  const messages: string[] = [];
  const parts = value.split('/');
  let name = parts[0] ?? '';
  if (parts.length === 2) {
    const prefix = name;
    name = parts[1] ?? '';
    if (prefix === '') messages.push('prefix part must be non-empty');
    else messages.push(...prefixProblems(prefix).map((message) => `prefix part ${message}`));
  } else if (parts.length > 2) {
    const shape = `a valid label key ${qualifiedMessage}`;
    const message = regexMessage(shape, qualifiedPart, 'MyName', 'my.name', '123-abc');
    return [`${message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  if (name === '') messages.push('name part must be non-empty');
  else if (Buffer.byteLength(name) > 63) messages.push(`name part ${maxLengthMessage(63, 'bytes')}`);
  if (!qualifiedPartPattern.test(name)) {
    messages.push(`name part ${regexMessage(qualifiedMessage, qualifiedPart, 'MyName', 'my.name', '123-abc')}`);
  }
  return messages;
}

function prefixProblems(prefix: string): string[] {
  return nameIsLongName(prefix, false);
}

/** Values of labels. */
export function isValidLabelValue(value: string): string[] {
  const messages: string[] = [];
  if (Buffer.byteLength(value) > 63) messages.push(maxLengthMessage(63, 'bytes'));
  if (!labelValuePattern.test(value)) {
    const pattern = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
    messages.push(regexMessage(labelValueMessage, pattern, 'MyValue', 'my_value', '12345'));
  }
  return messages;
}

/** Names that become a segment of a URL path: not `.` or `..`, no `/` and no `%`. */
export function isPathSegmentName(value: string, isPrefix = false): string[] {
  if (!isPrefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  return ['/', '%'].filter((char) => value.includes(char)).map((char) => `may not contain '${char}'`);
}

/** What follows the host in a name such as `acme.io/foo`. */
export function isDomainPath(value: string): string[] {
  const pattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  return new RegExp(`^${pattern}$`).test(value) ? [] : [`Invalid path (regex used for validation is '${pattern}')`];
}

/** A name of two segments or more, such as `example.com`; a dot may follow. */
export function isFullyQualifiedDomainName(value: string): string[] {
  const name = value.replace(/\.$/, '');
  const messages = isDns1123Subdomain(name);
  if (messages.length > 0) return [messages.join(',')];
  const segments = name.split('.');
  if (segments.length < 2) return ['should be a domain with at least two segments separated by dots'];
  return segments.flatMap((segment) => isDns1123Label(segment)).slice(0, 1);
}

/** Keys of config maps and secrets. */
export function isConfigMapKey(value: string): string[] {
  const pattern = '[-._a-zA-Z0-9]+';
  const messages: string[] = [];
  if (value.length > 253) messages.push(maxLengthMessage(253));
  if (!new RegExp(`^${pattern}$`).test(value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    messages.push(regexMessage(message, pattern, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return messages.concat(parentFolderProblems(value));
}

/** Names of environment variables, as relaxed by KEP-4369: printable ASCII without `=`. */
export function isEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be a non-empty string'];
  if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(value)) {
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
  }
  return [];
}

/** Names of environment variables as they were before that, still asked for of files of variables. */
export function isClassicEnvVarName(value: string): string[] {
  const pattern = '[-._a-zA-Z][-._a-zA-Z0-9]*';
  const messages: string[] = [];
  if (!new RegExp(`^${pattern}$`).test(value)) {
    const message =
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
    messages.push(regexMessage(message, pattern, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1'));
  }
  return messages.concat(parentFolderProblems(value));
}

function parentFolderProblems(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** A name's check that also takes a prefix for generateName, whose last dash is no mistake. */
export type NameCheck = (name: string, isPrefix: boolean) => string[];

/** What is put after a prefix begins with a letter or digit, so that a dash at its end is fine. */
function forPrefixes(check: (name: string) => string[]): NameCheck {
  return (name, isPrefix) => check(isPrefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name);
}

/** Names of most kinds (api/validation.NameIsDNSSubdomain). */
export const nameIsDnsSubdomain: NameCheck = forPrefixes(isDns1123Subdomain);
/** The same for kinds whose names are checked by declaration, which counts bytes. */
export const nameIsLongName: NameCheck = (name, isPrefix) =>
  // These kinds do not look at the prefix of a name, which is in the name.
  isPrefix
    ? []
    : isDns1123Subdomain(name).map((message) => (message === maxLengthMessage(253) ? maxBytesMessage(253) : message));
/** Names of namespaces, among others. */
export const nameIsDnsLabel: NameCheck = forPrefixes(isDns1123Label);
/** Names that must begin with a letter. */
export const nameIsDns1035Label: NameCheck = forPrefixes(isDns1035Label);

/** Names of HTTP headers, for probes. */
export function isHttpHeaderName(value: string): string[] {
  const pattern = '[-A-Za-z0-9]+';
  if (new RegExp(`^${pattern}$`).test(value)) return [];
  return [regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", pattern, 'X-Header-Name')];
}

/** `25%`. */
export function isValidPercent(value: string): string[] {
  const pattern = '[0-9]+%';
  if (new RegExp(`^${pattern}$`).test(value)) return [];
  const message = "a valid percent string must be a numeric string followed by an ending '%'";
  return [regexMessage(message, pattern, '1%', '93%')];
}

/** Names of ports: IANA service names. */
export function isValidPortName(value: string): string[] {
  const messages: string[] = [];
  if (value.length > 15) messages.push(maxLengthMessage(15));
  if (!/^[-a-z0-9]+$/.test(value))
    messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) messages.push('must contain at least one letter (a-z)');
  if (value.includes('--')) messages.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) messages.push('must not begin or end with a hyphen');
  return messages;
}

/** 1 to 65535. */
export function isValidPortNumber(value: number): string[] {
  return value >= 1 && value <= 65_535 ? [] : [inclusiveRangeMessage(1, 65_535)];
}

/** `must be between 1 and 65535, inclusive`. */
export function inclusiveRangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}
