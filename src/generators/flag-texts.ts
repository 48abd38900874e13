/** A flag from which no object can be made; the message is what follows `error: `. */
export class GeneratorError extends Error {}

/** Reads `a=b,c=d`, as flags give labels and selectors that a map can hold. @throws GeneratorError */
export function parseLabelPairs(text: string): ReadonlyMap<string, string> {
  if (text === '') throw new GeneratorError('no label spec passed');
  const labels = new Map<string, string>();
  for (const pair of text.split(',')) {
    const [key = '', value = '', ...rest] = pair.split('=');
    if (!pair.includes('=') || rest.length > 0) throw new GeneratorError(`unexpected label spec: ${pair}`);
    if (key === '') throw new GeneratorError('unexpected empty label key');
    labels.set(key, value);
  }
  return labels;
}

/** A whole number as strconv.Atoi reads it. @throws GeneratorError with Go's text */
export function parseAtoi(text: string): number {
  if (!/^[-+]?\d+$/.test(text))
    throw new GeneratorError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
