import { type FieldError, type FieldPath, invalid, required } from '../../../apimachinery/field-error.ts';
import { isDns1123Subdomain, isValidPortNumber } from '../../../apimachinery/names.ts';

const form = '; desired format: https://host[/path]';

/** Checks the URL of a webhook: https, a host, a path, and nothing else. */
export function validateWebhookUrl(path: FieldPath, text: string): FieldError[] {
  const match = /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(
    text,
  );
  const spaced = match?.[3]?.includes(' ') === true;
  if (match === null || /\p{Cc}/u.test(text) || text.startsWith(':') || spaced) {
    let why = 'net/url: invalid control character in URL';
    if (text.startsWith(':')) why = 'missing protocol scheme';
    else if (spaced) why = 'invalid character " " in host name';
    return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: ${why}${form}`)];
  }
  const [, scheme = '', user, host = '', query = '', fragment = ''] = match;
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(invalid(path, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalid(path, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

/** What names the service of a webhook. */
export interface WebhookService {
  readonly name?: string;
  readonly namespace?: string;
  readonly path?: string;
  readonly port?: number;
}

/** Checks the service of a webhook. */
export function validateWebhookService(path: FieldPath, service: WebhookService): FieldError[] {
  const errors: FieldError[] = [];
  // The real server takes one for the other here.
  if ((service.namespace ?? '') === '') errors.push(required(path.child('name')));
  if ((service.name ?? '') === '') errors.push(required(path.child('namespace')));
  const { port = 443 } = service;
  const problems = isValidPortNumber(port);
  if (problems.length > 0) errors.push(invalid(path.child('port'), port, `port is not valid: ${problems.join(', ')}`));
  return service.path === undefined ? errors : [...errors, ...checkPath(path.child('path'), service.path)];
}

function checkPath(path: FieldPath, text: string): FieldError[] {
  if (text === '' || text === '/') return [];
  if (text === '//') return [invalid(path, text, 'segment[0] may not be empty')];
  const errors = text.startsWith('/') ? [] : [invalid(path, text, "must start with a '/'")];
  const steps = text.slice(1).replace(/\/$/, '').split('/');
  for (const [index, step] of steps.entries()) {
    if (step === '') errors.push(invalid(path, text, `segment[${index}] may not be empty`));
    else {
      for (const problem of isDns1123Subdomain(step)) errors.push(invalid(path, text, `segment[${index}]: ${problem}`));
    }
  }
  return errors;
}
