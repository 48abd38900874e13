import { octetsOfText } from '../../../apimachinery/octets.ts';
import { unescapedPath } from '../request-url.ts';

/** A path as the other server gets it: its steps as they are meant, without empty ones and such as lead back. */
export function cleanPath(escaped: string): string {
  const steps: string[] = [];
  for (const step of unescapedPath(escaped).split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  const path = steps.map((step) => `/${escapeStep(step)}`).join('');
  return escaped.endsWith('/') ? `${path}/` : path;
}

/** As Go escapes a step of a path: more than what is forbidden there. */
function escapeStep(step: string): string {
  return octetsOfText(step).replaceAll(
    /[^\w\-.~$&+,:;=@]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** A path without escapes as Go writes it, nothing left out. */
export function escapePath(path: string): string {
  return path.split('/').map(escapeStep).join('/');
}

/** A query as Go writes what it has read of it: by name, what stands for itself and what does not as Go has it. */
export function rewrittenQuery(query: URLSearchParams): string {
  const sorted = new URLSearchParams(query);
  sorted.sort();
  const text = sorted.toString().replaceAll('*', '%2A').replaceAll('%7E', '~');
  return text === '' ? '' : `?${text}`;
}
