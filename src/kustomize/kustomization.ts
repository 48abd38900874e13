import type { JsonObject, JsonValue } from '../apimachinery/json.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import type { FieldSpec } from './field-spec.ts';
import { decodeGo } from './go-decode.ts';
import { kustomizationType } from './kustomization-types.ts';
import type { Loader } from './loader.ts';

/** Group, version, kind, name and namespace; what is absent is not asked for. */
export interface ObjectSelector {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** What a patch or a replacement is for: regular expressions, and selectors of labels and annotations. */
export interface Selector extends ObjectSelector {
  readonly annotationSelector?: string;
  readonly labelSelector?: string;
}

/** One entry of `patches` or `patchesJson6902`. */
export interface PatchArgs {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Selector;
  readonly options?: { readonly allowNameChange?: boolean; readonly allowKindChange?: boolean };
}

/** One entry of `images`. */
export interface ImageArgs {
  readonly name?: string;
  readonly newName?: string;
  readonly tagSuffix?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** How the field of a replacement is cut and whether it is made. */
export interface FieldOptions {
  readonly delimiter?: string;
  readonly index?: number;
  readonly create?: boolean;
}

/** Copies a field into other fields. */
export interface ReplacementArgs {
  readonly path?: string;
  readonly source?: ObjectSelector & { readonly fieldPath?: string; readonly options?: FieldOptions };
  readonly sourceValue?: string;
  readonly targets?: readonly ReplacementTarget[];
}

/** Where a replacement writes. */
export interface ReplacementTarget {
  readonly select?: Selector;
  readonly reject?: readonly Selector[];
  readonly fieldPaths?: readonly string[];
  readonly options?: FieldOptions;
}

/** What all generated objects get. */
export interface GeneratorOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly disableNameSuffixHash?: boolean;
  readonly immutable?: boolean;
}

/** One entry of `configMapGenerator` or `secretGenerator`. */
export interface GeneratorArgs {
  readonly name?: string;
  readonly namespace?: string;
  readonly behavior?: string;
  readonly literals?: readonly string[];
  readonly files?: readonly string[];
  readonly envs?: readonly string[];
  readonly env?: string;
  readonly options?: GeneratorOptions;
  /** Of a Secret. */
  readonly type?: string;
}

/** One entry of `labels`. */
export interface LabelArgs {
  readonly pairs?: Readonly<Record<string, string>>;
  readonly includeSelectors?: boolean;
  readonly includeTemplates?: boolean;
  readonly fields?: readonly FieldSpec[];
}

/** One entry of `vars`. */
export interface VariableArgs {
  readonly name?: string;
  readonly objref?: ObjectSelector & { readonly apiVersion?: string };
  readonly fieldref?: { readonly fieldPath?: string };
}

/** How the result is ordered. */
export interface SortOptions {
  readonly order?: string;
  readonly legacySortOptions?: { readonly orderFirst?: readonly string[]; readonly orderLast?: readonly string[] };
}

/** A kustomization file; what it does not say is absent. */
export interface Kustomization {
  readonly kind: string;
  readonly apiVersion: string;
  readonly openapi?: Readonly<Record<string, string>>;
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly namespace?: string;
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly labels?: readonly LabelArgs[];
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly patchesStrategicMerge?: readonly string[];
  readonly patchesJson6902?: readonly PatchArgs[];
  readonly patches?: readonly PatchArgs[];
  readonly images?: readonly ImageArgs[];
  readonly replacements?: readonly ReplacementArgs[];
  readonly replicas?: readonly { readonly name?: string; readonly count?: number | bigint }[];
  readonly vars?: readonly VariableArgs[];
  readonly sortOptions?: SortOptions;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly crds?: readonly string[];
  readonly configMapGenerator?: readonly GeneratorArgs[];
  readonly secretGenerator?: readonly GeneratorArgs[];
  readonly helmGlobals?: JsonObject;
  readonly helmCharts?: readonly JsonObject[];
  readonly generatorOptions?: GeneratorOptions;
  readonly configurations?: readonly string[];
  readonly generators?: readonly string[];
  readonly transformers?: readonly string[];
  readonly validators?: readonly string[];
  readonly buildMetadata?: readonly string[];
}

/** A kustomization with the name of its file. */
export interface LoadedKustomization {
  readonly kustomization: Kustomization;
  readonly fileName: string;
}

/** The names that a kustomization file may have. */
const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

const kustomizationKind = 'Kustomization';
/** The kind of a kustomization that changes what its parent has gathered. */
export const componentKind = 'Component';
const versions: Readonly<Record<string, string>> = {
  [kustomizationKind]: 'kustomize.config.k8s.io/v1beta1',
  [componentKind]: 'kustomize.config.k8s.io/v1alpha1',
};

const editFix = "Run 'kustomize edit fix' to update your Kustomization automatically.";
/** Fields that still work, with those that took their place. */
const deprecatedFields: readonly (readonly [string, string, string])[] = [
  ['bases', 'resources', editFix],
  ['commonLabels', 'labels', editFix],
  ['imageTags', 'images', editFix],
  ['patchesJson6902', 'patches', editFix],
  ['patchesStrategicMerge', 'patches', editFix],
  ['vars', 'replacements', `[EXPERIMENTAL] ${editFix}`],
];

/**
 * Reads the kustomization file of a folder. Fields that were renamed come by their new names.
 * @param warn told a line for each deprecated field @throws KustomizeError
 */
export async function loadKustomization(loader: Loader, warn: (line: string) => void): Promise<LoadedKustomization> {
  const { text, fileName } = await findFile(loader);
  let fields: JsonObject;
  try {
    fields = decodeGo(parseYaml(text, { onDuplicateKey: () => undefined }) ?? {}, kustomizationType) as JsonObject;
  } catch (error) {
    throw wrapped('invalid Kustomization', error);
  }
  for (const [name, successor, advice] of deprecatedFields) {
    if (fields[name] === undefined) continue;
    warn(`# Warning: '${name}' is deprecated. Please use '${successor}' instead. ${advice}`);
  }
  const fixed = withNewNames(fields);
  const { kind, apiVersion, ...rest } = fixed;
  if (Object.values(rest).length === 0) throw new KustomizeError('kustomization.yaml is empty');
  const problems = problemsOf(textOf(kind), textOf(apiVersion));
  if (problems.length > 0) {
    throw new KustomizeError(`Failed to read kustomization file under ${loader.root}:\n${problems.join('\n')}`);
  }
  return { kustomization: fixed as unknown as Kustomization, fileName };
}

async function findFile(loader: Loader): Promise<{ readonly text: string; readonly fileName: string }> {
  const found: { readonly text: string; readonly fileName: string }[] = [];
  for (const fileName of fileNames) {
    try {
      found.push({ text: await loader.loadText(fileName), fileName });
    } catch (error) {
      // A file that cannot be read is as good as missing; the next name may do.
      reasonOf(error);
    }
  }
  const [first, second] = found;
  if (first === undefined) {
    const [one, two, three] = fileNames;
    throw new KustomizeError(`unable to find one of '${one}', '${two}' or '${three}' in directory '${loader.root}'`);
  }
  if (second !== undefined) throw new KustomizeError(`Found multiple kustomization files under: ${loader.root}\n`);
  return first;
}

function withNewNames(fields: JsonObject): JsonObject {
  const { bases, imageTags, helmChartInflationGenerator, kind, apiVersion, ...rest } = fields;
  const result: JsonObject = { ...rest };
  const lists = { resources: bases, images: imageTags };
  for (const [name, old] of Object.entries(lists)) {
    if (Array.isArray(old) && old.length > 0) result[name] = [...((rest[name] as JsonObject[]) ?? []), ...old];
  }
  for (const name of ['configMapGenerator', 'secretGenerator']) {
    const all = result[name];
    if (Array.isArray(all)) result[name] = all.map((args) => withEnvs(args as JsonObject));
  }
  const charts = (helmChartInflationGenerator ?? []) as JsonObject[];
  if (charts.length > 0) {
    result['helmCharts'] = [...((rest['helmCharts'] as JsonObject[]) ?? []), ...charts.map(chartOf)];
    result['helmGlobals'] ??= globalsOf(charts);
  }
  const ownKind = kind === undefined || kind === '' ? kustomizationKind : textOf(kind);
  result['kind'] = ownKind;
  const version = versions[ownKind] ?? versions[kustomizationKind] ?? '';
  result['apiVersion'] = apiVersion === undefined || apiVersion === '' ? version : apiVersion;
  for (const [name, value] of Object.entries(result)) if (value === '') delete result[name];
  return result;
}

function withEnvs(args: JsonObject): JsonObject {
  const { env, ...rest } = args;
  if (env === undefined || env === '') return args;
  return { ...rest, envs: [...((rest['envs'] as string[]) ?? []), env] };
}

function chartOf(old: JsonObject): JsonObject {
  const names = { name: 'chartName', version: 'chartVersion', repo: 'chartRepoUrl', valuesFile: 'values' };
  const same = { valuesInline: 'valuesLocal', valuesMerge: 'valuesMerge', releaseName: 'releaseName' };
  const chart: JsonObject = {};
  for (const [name, from] of Object.entries({ ...names, ...same })) {
    const value = old[from];
    if (value !== undefined) chart[name] = value;
  }
  return chart;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Of several, the last one counts. */
function globalsOf(charts: readonly JsonObject[]): JsonObject {
  const globals: JsonObject = {};
  for (const { chartHome = '', helmHome = '' } of charts) {
    if (chartHome !== '') globals['chartHome'] = chartHome;
    if (helmHome !== '') globals['configHome'] = helmHome;
  }
  return globals;
}

function problemsOf(kind: string, apiVersion: string): string[] {
  const problems: string[] = [];
  if (versions[kind] === undefined) problems.push(`kind should be ${kustomizationKind} or ${componentKind}`);
  const required = versions[kind] ?? versions[kustomizationKind];
  if (apiVersion !== required) problems.push(`apiVersion for ${kind} should be ${required}`);
  return problems;
}
