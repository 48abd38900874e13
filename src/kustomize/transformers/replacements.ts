import { goQuote } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseYaml } from '../../apimachinery/yaml.ts';
import { KustomizeError, wrapped } from '../build-error.ts';
import { lookupFieldPath, matchFieldPath } from '../field-path.ts';
import { splitFieldPath } from '../field-spec.ts';
import { decodeGo, type GoType } from '../go-decode.ts';
import type { FieldOptions, ObjectSelector, ReplacementArgs, ReplacementTarget, Selector } from '../kustomization.ts';
import { replacementType } from '../kustomization-types.ts';
import type { Loader } from '../loader.ts';
import type { Resource } from '../resource.ts';
import { formatId, isSelectedGvk, type ResourceId } from '../resource-id.ts';
import { setInStructuredText } from '../structured-text.ts';
import { YamlNode } from '../yaml-node.ts';
import { SelectorPattern } from './selector.ts';
import type { Transformer } from './transformer.ts';

const replacementsType: GoType = { go: 'list', item: replacementType };
const defaultFieldPath = 'metadata.name';

/** Copies fields of objects, or given texts, into fields of others. @throws KustomizeError */
export async function replacementTransformer(
  entries: readonly ReplacementArgs[],
  loader: Loader,
): Promise<Transformer> {
  const replacements: ReplacementArgs[] = [];
  for (const entry of entries) {
    const { path = '', source, targets = [] } = entry;
    if (path === '') {
      replacements.push(entry);
      continue;
    }
    if (source !== undefined || targets.length > 0) {
      throw new KustomizeError('cannot specify both path and inline replacement');
    }
    replacements.push(...readReplacements(await loader.loadText(path)));
  }
  return (map) => {
    for (const replacement of replacements) replace(map.resources, replacement);
  };
}

function readReplacements(text: string): ReplacementArgs[] {
  const value: JsonValue = parseYaml(text, { onDuplicateKey: () => undefined });
  if (!Array.isArray(value) && !isJsonObject(value)) {
    const kind = value === null ? 'invalid' : typeof value;
    throw new KustomizeError(`unsupported replacement type encountered within replacement path: ${kind}`);
  }
  const options = { ignoreUnknown: true, isUnnamed: true };
  try {
    if (Array.isArray(value)) return decodeGo(value, replacementsType, options) as unknown as ReplacementArgs[];
    return [decodeGo(value, replacementType, options) as ReplacementArgs];
  } catch (error) {
    throw wrapped('error unmarshaling JSON: while decoding JSON', error);
  }
}

function replace(resources: readonly Resource[], { source, sourceValue, targets }: ReplacementArgs): void {
  if ((source === undefined && sourceValue === undefined) || targets === undefined) {
    throw new KustomizeError('replacements must specify a source and at least one target');
  }
  if (source !== undefined && sourceValue !== undefined) {
    throw new KustomizeError('value and resource selectors are mutually exclusive');
  }
  const value = source === undefined ? YamlNode.scalar(sourceValue ?? '') : sourceNode(resources, source);
  for (const target of targets) applyToTargets(resources, value, target);
}

/** What names an object now, and what did before. */
function idsOf(resource: Resource): ResourceId[] {
  return [resource.currentId, ...resource.previousIds];
}

function sourceNode(resources: readonly Resource[], source: NonNullable<ReplacementArgs['source']>): YamlNode {
  const matches = resources.filter((resource) => idsOf(resource).some((id) => isSelected(id, source)));
  const [only, second] = matches;
  if (second !== undefined) throw new KustomizeError(`multiple matches for selector ${shownSource(source)}`);
  if (only === undefined) throw new KustomizeError(`nothing selected by ${shownSource(source)}`);
  const fieldPath = source.fieldPath || defaultFieldPath;
  let node: YamlNode | undefined;
  try {
    node = lookupFieldPath(only.node, splitFieldPath(fieldPath));
  } catch (error) {
    throw wrapped('error looking up replacement source', error);
  }
  if (node === undefined || node.isEmpty) {
    throw new KustomizeError(`fieldPath \`${fieldPath}\` is missing for replacement source ${formatId(source)}`);
  }
  return partOf(node, source.options);
}

function isSelected(id: ResourceId, { name = '', namespace = '', ...gvk }: ObjectSelector): boolean {
  const isNamed = (name === '' || name === id.name) && isSelectedGvk(id, gvk);
  return isNamed && (namespace === '' || namespace === (id.namespace || 'default'));
}

function shownSource(source: NonNullable<ReplacementArgs['source']>): string {
  const { delimiter = '', index = 0, create = false } = source.options ?? {};
  const options = delimiter === '' && !create ? '' : `${delimiter}(${index}), create=${create}`;
  return [formatId(source), source.fieldPath ?? '', options].filter((part) => part !== '').join(':');
}

function partOf(node: YamlNode, options: FieldOptions | undefined): YamlNode {
  const { delimiter = '', index = 0 } = options ?? {};
  if (delimiter === '') return node;
  if (node.kind !== 'scalar') throw new KustomizeError('delimiter option can only be used with scalar nodes');
  const part = node.text.split(delimiter)[index];
  if (part === undefined) {
    throw new KustomizeError(`options.index ${index} is out of bounds for value ${node.text}`);
  }
  const copy = node.copy();
  copy.text = part;
  return copy;
}

function applyToTargets(resources: readonly Resource[], value: YamlNode, target: ReplacementTarget): void {
  const { select, reject = [] } = target;
  if (select === undefined) throw new KustomizeError('target must specify resources to select');
  const pattern = new SelectorPattern(select);
  const rejected = reject
    .filter(({ annotationSelector: _a, labelSelector: _l, ...id }) => Object.values(id).some((part) => part !== ''))
    .map((selector) => new SelectorPattern(selector));
  for (const resource of resources) {
    if (!matchesTexts(resource, select)) continue;
    const isRejected = reject.some(
      (selector) =>
        ((selector.annotationSelector ?? '') !== '' || (selector.labelSelector ?? '') !== '') &&
        matchesTexts(resource, selector),
    );
    const ids = idsOf(resource);
    if (isRejected || rejected.some((no) => ids.some((id) => isMatched(id, no)))) continue;
    if (ids.some((id) => isMatched(id, pattern))) writeTo(resource.node, value, target);
  }
}

function matchesTexts(resource: Resource, selector: Selector): boolean {
  return resource.matches(selector.labelSelector ?? '', selector.annotationSelector ?? '');
}

function isMatched(id: ResourceId, pattern: SelectorPattern): boolean {
  return pattern.matchesGvk(id) && pattern.matchesName(id.name) && pattern.matchesNamespace(id.namespace);
}

function writeTo(object: YamlNode, value: YamlNode, { fieldPaths = [], options }: ReplacementTarget): void {
  const made = options?.create === true ? value.kind : undefined;
  for (const fieldPath of fieldPaths.length === 0 ? [defaultFieldPath] : fieldPaths) {
    const path = splitFieldPath(fieldPath);
    if (path.length > 1 && setInStructuredText(object, path, made, (node) => copyInto(node, value))) continue;
    const isMade = made === undefined ? '' : ' or create';
    const problem = `unable to find${isMade} field ${goQuote(fieldPath)} in replacement target`;
    let targets: YamlNode[];
    try {
      targets = matchFieldPath(object, path, made);
    } catch (error) {
      throw wrapped(problem, error);
    }
    if (targets.length === 0) throw new KustomizeError(problem);
    for (const target of targets) setField(target, value, options);
  }
}

function setField(target: YamlNode, value: YamlNode, options: FieldOptions | undefined): void {
  const { delimiter = '', index = 0 } = options ?? {};
  if (delimiter === '') {
    copyInto(target, value);
    return;
  }
  if (target.kind !== 'scalar') throw new KustomizeError('delimiter option can only be used with scalar nodes');
  const parts = target.text.split(delimiter);
  if (index < 0) parts.unshift(value.text);
  else if (index >= parts.length) parts.push(value.text);
  else parts[index] = value.text;
  target.text = parts.join(delimiter);
}

/** A scalar only takes the text: what it is, the target says. */
function copyInto(target: YamlNode, value: YamlNode): void {
  if (target.kind === 'scalar') target.text = value.text;
  else target.become(value.copy());
}
