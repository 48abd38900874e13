import { goQuote } from '../../apimachinery/field-error.ts';
import { isConfigMapKey } from '../../apimachinery/names.ts';
import {
  addEnvFiles,
  addFiles,
  addLiterals,
  contentHash,
  KeySourceError,
  textOf,
} from '../../generators/key-sources.ts';
import { defined, sortedMap, stringifyTyped, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';
import { appendHashFlag, sourceFlags, sourcesOf } from './source-flags.ts';

/** `create configmap`. */
export const createConfigMapCommand = createFromFlags({
  path: ['create', 'configmap'],
  aliases: ['cm'],
  usage: 'NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  short: 'Create a config map from a local file, directory or literal value',
  long: 'Create a config map with values from the command line, from files, or from all files of a folder.',
  examples:
    '  # Two values\n  kubectl create configmap app --from-literal=color=blue --from-literal=size=4\n\n' +
    '  # The files of a folder\n  kubectl create configmap app --from-file=./settings',
  flags: [appendHashFlag, ...sourceFlags],
  resource: { group: '', version: 'v1', resource: 'configmaps' },
  namespaced: true,
  failure: 'failed to create configmap: ',
  prepare({ name, flags, context }) {
    const sources = sourcesOf(flags, context, 'env config file');
    return async () => {
      const texts = new Map<string, string>();
      const bytes = new Map<string, string>();
      const add = (key: string, value: Uint8Array): void => {
        checkKey(key, name, texts, bytes);
        const text = textOf(value);
        if (text === undefined) bytes.set(key, Buffer.from(value).toString('base64'));
        else texts.set(key, text);
      };
      await addFiles(sources, add);
      addLiterals(sources, add);
      await addEnvFiles(sources, add);
      const data = sortedMap(texts);
      const binaryData = sortedMap(bytes);
      const hashed = defined({ binaryData, data: data ?? {}, kind: 'ConfigMap', name });
      const fullName = flags.bool('append-hash') ? `${name}-${contentHash(stringifyTyped(hashed))}` : name;
      return typedObject('v1', 'ConfigMap', { name: fullName }, { data, binaryData });
    };
  },
});

function checkKey(
  key: string,
  name: string,
  texts: ReadonlyMap<string, string>,
  bytes: ReadonlyMap<string, string>,
): void {
  const problems = isConfigMapKey(key);
  if (problems.length > 0) {
    throw new KeySourceError(`${goQuote(key)} is not a valid key name for a ConfigMap: ${problems.join(',')}`);
  }
  const place = texts.has(key) ? 'Data' : bytes.has(key) ? 'BinaryData' : undefined;
  if (place === undefined) return;
  throw new KeySourceError(
    `cannot add key ${goQuote(key)}, another key by that name already exists in ${place} for ConfigMap ${goQuote(name)}`,
  );
}
