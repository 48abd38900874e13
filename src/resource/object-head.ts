import { isJsonObject, type JsonValue } from '../apimachinery/json.ts';

/** What is wrong with the head of an object, before its type is asked for. */
export function headProblems(value: JsonValue): readonly string[] {
  if (!isJsonObject(value)) return ['invalid object to validate'];
  const problems: string[] = [];
  for (const name of ['apiVersion', 'kind']) {
    const member = value[name] ?? null;
    if (member === null) problems.push(`${name} not set`);
    else if (typeof member !== 'string') problems.push(`${name} isn't string type`);
  }
  const { apiVersion } = value;
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    problems.unshift(`unexpected GroupVersion string: ${apiVersion}`);
  }
  return problems;
}
