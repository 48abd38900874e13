import { goQuote } from '../apimachinery/field-error.ts';

/** Refuses names that would make another path of a request: empty ones, `.`, `..` and those with `/` or `%`. @throws Error */
export function checkResourceName(name: string): void {
  if (name === '') throw new Error('resource name may not be empty');
  const problems = segmentProblems(name);
  if (problems.length > 0) throw new Error(`invalid resource name ${goQuote(name)}: [${problems.join(' ')}]`);
}

/** The same of namespaces; an empty one is none. @throws Error */
export function checkNamespaceName(namespace: string): void {
  const problems = segmentProblems(namespace);
  if (problems.length > 0) throw new Error(`invalid namespace ${goQuote(namespace)}: [${problems.join(' ')}]`);
}

function segmentProblems(segment: string): readonly string[] {
  if (segment === '.' || segment === '..') return [`may not be '${segment}'`];
  return ['/', '%'].filter((char) => segment.includes(char)).map((char) => `may not contain '${char}'`);
}
