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
  return encodeURIComponent(step)
    .replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, (escape) => decodeURIComponent(escape))
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
