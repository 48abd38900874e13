import { formatGoFloat } from '../apimachinery/go-float.ts';
import { KustomizeError, reasonOf, wrapped } from './build-error.ts';
import { lookupFieldPath } from './field-path.ts';
import { type FieldSpec, splitFieldPath, visitField } from './field-spec.ts';
import type { VariableArgs } from './kustomization.ts';
import type { ResourceMap } from './resource-map.ts';
import {
  compareTexts,
  formatGvk,
  type GvkSelector,
  isClusterScoped,
  type ResourceId,
  sameId,
  sameNamedKind,
} from './resource-id.ts';
import { type YamlNode, yamlTag } from './yaml-node.ts';

/** A variable with all that was left out. */
interface Variable {
  readonly name: string;
  readonly object: ResourceId;
  readonly fieldPath: string;
}

type Primitive = string | number | boolean;

/** The variables of a build (`vars`, deprecated): texts `$(NAME)` that stand for fields of objects. */
export class VariableSet {
  readonly #variables = new Map<string, Variable>();

  /** Adds those of one kustomization, and finds the objects that hold their values. @throws KustomizeError */
  add(variables: readonly VariableArgs[], map: ResourceMap): void {
    try {
      this.#find(variables, map);
      for (const args of variables) this.#addOne(variableOf(args));
    } catch (error) {
      const all = variables.map(({ name = '', objref = {}, fieldref }) =>
        shown(name, objref, fieldref?.fieldPath ?? ''),
      );
      throw wrapped(`merging vars [${all.join(' ')}]`, error);
    }
  }

  #find(variables: readonly VariableArgs[], map: ResourceMap): void {
    for (const args of variables) {
      const variable = variableOf(args);
      const { object } = variable;
      // Without a namespace the one of any is meant.
      const isNamespaced = object.namespace !== '' || isClusterScoped(object);
      const matches = map.withAnyId(object.name, (id) =>
        isNamespaced ? sameId(object, id) : sameNamedKind(object, id),
      );
      if (matches.length > 1) {
        throw new KustomizeError(
          `found ${matches.length} resId matches for var ${shown(variable.name, object, args.fieldref?.fieldPath ?? '')} (unable to disambiguate)`,
        );
      }
      matches[0]?.variables.push(variable.name);
    }
  }

  /** Adds those of a base. @throws KustomizeError for a name that is there */
  addAll(other: VariableSet): void {
    for (const variable of other.#variables.values()) this.#addOne(variable);
  }

  #addOne(variable: Variable): void {
    if (this.#variables.has(variable.name)) throw new KustomizeError(`var '${variable.name}' already encountered`);
    this.#variables.set(variable.name, variable);
  }

  /** Writes the values wherever the specs say that variables may stand. @throws KustomizeError */
  resolve(map: ResourceMap, specs: readonly FieldSpec[], log: (line: string) => void): void {
    if (this.#variables.size === 0) return;
    const values = new Map<string, Primitive | undefined>();
    for (const name of [...this.#variables.keys()].sort(compareTexts)) {
      const variable = this.#variables.get(name);
      if (variable !== undefined) values.set(name, valueOf(variable, map));
    }
    const used = new Set<string>();
    const expand = (text: string): Primitive => expandVariables(text, values, used);
    for (const { node } of map.resources) {
      for (const spec of specs) visitField(node, spec, (field) => expandField(field, expand));
    }
    const unused = [...values.keys()].filter((name) => !used.has(name));
    if (unused.length > 0) log(`well-defined vars that were never replaced: ${unused.join(',')}`);
  }
}

function variableOf({ name = '', objref = {}, fieldref = {} }: VariableArgs): Variable {
  const { apiVersion = '', group = '', version = '', kind = '', name: objectName = '', namespace = '' } = objref;
  const parts = apiVersion.split('/');
  const gvk = { group, version, kind };
  if (parts.length === 2) Object.assign(gvk, { group: parts[0], version: parts[1] });
  else if (apiVersion !== '') Object.assign(gvk, { version: parts[0] });
  const object = { ...gvk, name: objectName, namespace };
  return { name, object, fieldPath: fieldref.fieldPath || 'metadata.name' };
}

/** A variable as messages show it. */
function shown(name: string, kind: GvkSelector, fieldPath: string): string {
  return `{${name} ${formatGvk(kind)} {${fieldPath}}}`;
}

function valueOf(variable: Variable, map: ResourceMap): Primitive | undefined {
  const { name, object, fieldPath } = variable;
  const holder = map.resources.find(({ variables }) => variables.includes(name));
  const text = shown(name, object, fieldPath);
  if (holder === undefined) {
    throw new KustomizeError(`var '${text}' cannot be mapped to a field in the set of known resources`);
  }
  let field: YamlNode | undefined;
  try {
    field = lookupFieldPath(holder.node, withIndices(splitFieldPath(fieldPath)));
  } catch (error) {
    reasonOf(error);
  }
  if (field === undefined) {
    throw new KustomizeError(`field specified in var '${text}' not found in corresponding resource`);
  }
  return primitiveOf(field);
}

/** `containers[0]` in two steps. */
function withIndices(path: readonly string[]): string[] {
  return path.flatMap((step) => {
    const match = /^(.*)\[(\d+)\]$/.exec(step);
    if (match === null) return [step];
    const [, name = '', index = ''] = match;
    return name === '' ? [index] : [name, index];
  });
}

/** Lists and maps are no values for variables. */
function primitiveOf(field: YamlNode): Primitive | undefined {
  if (field.kind !== 'scalar') return undefined;
  if (field.tag === yamlTag.integer || field.tag === yamlTag.float) return Number(field.text);
  if (field.tag === yamlTag.boolean) return /^t/i.test(field.text);
  return field.text;
}

function expandField(field: YamlNode, expand: (text: string) => Primitive): void {
  if (field.isNull) return;
  if (field.kind === 'scalar') {
    expandScalar(field, expand);
  } else if (field.kind === 'mapping') {
    for (const value of field.fields.values()) expandScalar(value, expand);
  } else {
    for (const item of field.items) {
      if (!item.isText) throw new KustomizeError('invalid value type expect a string');
      expandScalar(item, expand);
    }
  }
}

function expandScalar(node: YamlNode, expand: (text: string) => Primitive): void {
  if (!node.isText) return;
  const value = expand(node.text);
  node.style = 'plain';
  node.isTagged = false;
  node.text = `${value}`;
  if (typeof value === 'string') node.tag = yamlTag.string;
  else if (typeof value === 'boolean') node.tag = yamlTag.boolean;
  else node.tag = Number.isInteger(value) ? yamlTag.integer : yamlTag.float;
}

/** A text with the values of its `$(NAME)`; one that is nothing else takes the value's type. `$$` stands for `$`. */
function expandVariables(
  text: string,
  values: ReadonlyMap<string, Primitive | undefined>,
  used: Set<string>,
): Primitive {
  const valueFor = (name: string): Primitive => {
    const value = values.get(name);
    if (value === undefined) return `$(${name})`;
    used.add(name);
    return value;
  };
  const whole = /^\$\(([^)]*)\)$/.exec(text);
  if (whole !== null) return valueFor(whole[1] ?? '');
  return text.replaceAll(
    /\$(?:\(([^)]*)\)|(\$)|\()/g,
    (found, name: string | undefined, dollar: string | undefined) => {
      if (dollar !== undefined) return '$';
      if (name === undefined) return found;
      const value = valueFor(name);
      return typeof value === 'number' ? formatGoFloat(value) : `${value}`;
    },
  );
}
