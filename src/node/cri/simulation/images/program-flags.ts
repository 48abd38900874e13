/** `--name=value` and `--name value`; a flag without a value is `true`. */
export function parseFlags(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const [, name = '', value] = /^--?([^=]+)(?:=([^]*))?$/.exec(words[at] ?? '') ?? [];
    if (name === '') continue;
    const next = words[at + 1];
    if (value !== undefined) flags.set(name, value);
    else if (next === undefined || next.startsWith('-')) flags.set(name, 'true');
    else {
      flags.set(name, next);
      at++;
    }
  }
  return flags;
}
