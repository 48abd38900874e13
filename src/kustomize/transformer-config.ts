import { isJsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import { defaultFieldSpecs, type NameReference, type TransformerConfig } from './default-field-specs.ts';
import { type FieldSpec, mergeFieldSpecs } from './field-spec.ts';
import { decodeGo, type GoType } from './go-decode.ts';
import { fieldSpecType } from './kustomization-types.ts';
import type { Loader } from './loader.ts';
import { compareGvks, formatGvk } from './resource-id.ts';

/** A configuration that touches nothing. */
export const emptyConfig: TransformerConfig = {
  namePrefix: [],
  nameSuffix: [],
  namespace: [],
  commonLabels: [],
  labels: [],
  templateLabels: [],
  commonAnnotations: [],
  nameReference: [],
  varReference: [],
  images: [],
  replicas: [],
};

type SpecField = Exclude<keyof TransformerConfig, 'nameReference'>;

/** The lists in the order in which they are merged, with the names that messages give them. */
const specFields: readonly (readonly [SpecField, string])[] = [
  ['namePrefix', 'NamePrefix'],
  ['nameSuffix', 'NameSuffix'],
  ['namespace', 'NameSpace'],
  ['commonAnnotations', 'CommonAnnotations'],
  ['commonLabels', 'CommonLabels'],
  ['labels', 'Labels'],
  ['templateLabels', 'TemplateLabels'],
  ['varReference', 'VarReference'],
  ['images', 'Images'],
  ['replicas', 'Replicas'],
];

const specList: GoType = { go: 'list', item: fieldSpecType, name: 'types.FsSlice' };
const configType: GoType = {
  go: 'struct',
  name: 'builtinconfig.TransformerConfig',
  fields: {
    ...Object.fromEntries(specFields.map(([name]) => [name, specList])),
    nameReference: {
      go: 'list',
      name: 'builtinconfig.nbrSlice',
      item: {
        go: 'struct',
        name: 'builtinconfig.NameBackReferences',
        fields: { group: { go: 'string' }, version: { go: 'string' }, kind: { go: 'string' }, fieldSpecs: specList },
      },
    },
  },
};

/** Both configurations in one, sorted. @throws KustomizeError where they say different things of one field */
export function mergeConfigs(base: TransformerConfig, more: TransformerConfig): TransformerConfig {
  if (more === emptyConfig) return base;
  const merged: Record<string, unknown> = {};
  for (const [name, shown] of specFields) {
    try {
      merged[name] = mergeFieldSpecs(base[name], more[name]).sort(compareGvks);
    } catch (error) {
      throw wrapped(`failed to merge ${shown} fieldSpec`, error);
    }
  }
  try {
    merged['nameReference'] = mergeReferences(base.nameReference, more.nameReference).sort(compareGvks);
  } catch (error) {
    throw wrapped('failed to merge NameReference fieldSpec', error);
  }
  return merged as unknown as TransformerConfig;
}

function mergeReferences(base: readonly NameReference[], more: readonly NameReference[]): NameReference[] {
  const merged = [...base];
  for (const reference of more) {
    const index = merged.findIndex((known) => formatGvk(known) === formatGvk(reference));
    const known = merged[index];
    if (known === undefined) merged.push(reference);
    else merged[index] = { ...known, fieldSpecs: mergeFieldSpecs(known.fieldSpecs ?? [], reference.fieldSpecs ?? []) };
  }
  return merged;
}

/** What is built in, and what the files of `configurations` add. @throws KustomizeError */
export async function loadTransformerConfig(loader: Loader, paths: readonly string[]): Promise<TransformerConfig> {
  const sorted = sortedDefaults();
  if (paths.length === 0) return sorted;
  let added = emptyConfig;
  for (const path of paths) added = mergeConfigs(added, parseConfig(await loader.loadText(path)));
  return mergeConfigs(sorted, added);
}

let sortedDefault: TransformerConfig | undefined;

function sortedDefaults(): TransformerConfig {
  sortedDefault ??= mergeConfigs(emptyConfig, defaultFieldSpecs);
  return sortedDefault;
}

function parseConfig(text: string): TransformerConfig {
  let value: JsonValue;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new KustomizeError(`error converting YAML to JSON: ${reasonOf(error)}`);
  }
  try {
    const config = decodeGo(value ?? {}, configType, { isUnnamed: true });
    if (!isJsonObject(config)) throw new Error('a configuration that is no object was taken for one');
    return { ...emptyConfig, ...(config as unknown as Partial<TransformerConfig>) };
  } catch (error) {
    throw wrapped('error unmarshaling JSON: while decoding JSON', error);
  }
}

/** A configuration of some lists only. */
export function configOf(
  lists: {
    readonly [name in SpecField]?: readonly FieldSpec[];
  } & { readonly nameReference?: readonly NameReference[] },
): TransformerConfig {
  return { ...emptyConfig, ...lists };
}
