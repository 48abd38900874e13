// Reads the documentation of the API types out of the typings of kubernetes-models, which are the texts as the server
// publishes them, and where these say nothing out of those of @kubernetes/client-node, which have no line breaks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Texts of types that client-node prints for fields of these types, which have none of their own. */
const ofTypes = /^JSON(?:SchemaPropsOr\w+)? represents /;

/**
 * Texts by full name, `io.k8s.api.core.v1.PodStatus` and `io.k8s.api.core.v1.PodStatus.podIP`.
 * @param {string} root the repository
 * @param {Iterable<string>} typeNames full names of the types that are wanted
 * @returns {Map<string, string>}
 */
export function readTypeDocumentation(root, typeNames) {
  const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
  const texts = new Map();
  const add = (name, text) => {
    if (text !== '' && !texts.has(name) && !ofTypes.test(text)) texts.set(name, unescapeText(text));
  };
  for (const typeName of typeNames) {
    for (const [name, text] of modelTexts(root, typeName)) texts.set(name, text);
    const path = modelNames(typeName)
      .map((name) => join(models, `${name}.d.ts`))
      .find((candidate) => existsSync(candidate));
    if (path === undefined) continue;
    const typings = readFileSync(path, 'utf8');
    const own = /\/\*\*\n\* ([^\n]*)\n\*\/\nexport declare class/.exec(typings);
    if (own !== null) add(typeName, own[1]);
    for (const [, text, field] of typings.matchAll(/ {4}\/\*\*\n {4}\* ([^\n]*)\n {4}\*\/\n {4}'([^']+)'/g)) {
      add(`${typeName}.${servedName(field)}`, text);
    }
  }
  return texts;
}

/** What a field is called in JSON: words of the language have a `_` before them in the typings. */
function servedName(field) {
  return field.startsWith('x_kubernetes_') ? field.replaceAll('_', '-') : field.replace(/^_/, '');
}

/** Texts of a type and its fields from kubernetes-models, by full name. */
function* modelTexts(root, typeName) {
  const path = join(root, 'node_modules', typingsOf(root, typeName));
  if (!existsSync(path)) return;
  const typings = readFileSync(path, 'utf8');
  const own = /\/\*\*\n((?: \*[^\n]*\n)+?) \*\/\nexport (?:interface I|(?:declare )?type I)/.exec(typings);
  if (own !== null) yield [typeName, commentText(own[1])];
  const members = typings.slice(typings.indexOf('export interface I'), typings.indexOf('\n}\n'));
  for (const [, text, field] of members.matchAll(/ {4}\/\*\*\n((?: {5}\*[^\n]*\n)+?) {5}\*\/\n {4}"([^"]+)"\??:/g)) {
    yield [`${typeName}.${field}`, commentText(text)];
  }
}

/** The text of the lines of a comment, without what its generator put in: escapes, and a tag for editors. */
function commentText(lines) {
  return lines
    .replace(/^ +\* ?/gm, '')
    .trimEnd()
    .replace(/\n@deprecated$/, '')
    .replaceAll('*\\/', '*/')
    .replaceAll('\\*', '*');
}

/** `io.k8s.api.apps.v1.DeploymentSpec` is kubernetes-models/apps/v1/DeploymentSpec.d.ts. */
function typingsOf(root, typeName) {
  const machinery = 'io.k8s.apimachinery.pkg.';
  if (typeName.startsWith(machinery)) {
    return `@kubernetes-models/apimachinery/${typeName.slice(machinery.length).replaceAll('.', '/')}.d.ts`;
  }
  const [kind, version, group] = typeName.split('.').reverse();
  const folders = readdirSync(join(root, 'node_modules/kubernetes-models'));
  const folder = folders.find((name) => name.split('.')[0] === group);
  return `kubernetes-models/${folder === undefined ? '' : `${folder}/`}${version}/${kind}.d.ts`;
}

/**
 * Texts of query parameters by `parameter.OPERATION.NAME`, from the request types of the core API.
 * @param {string} root the repository
 * @param {Iterable<string>} operations such as `listNamespacedPod`
 * @returns {Map<string, string>}
 */
export function readParameterDocumentation(root, operations) {
  const path = join(root, 'node_modules/@kubernetes/client-node/dist/gen/types/ObjectParamAPI.d.ts');
  const typings = readFileSync(path, 'utf8');
  const breaks = readLineBreaks(root);
  const texts = new Map();
  for (const operation of operations) {
    const start = typings.indexOf(`export interface CoreV1Api${capitalized(operation)}Request {`);
    if (start < 0) throw new Error(`@kubernetes/client-node has no operation ${operation}`);
    const body = typings.slice(start, typings.indexOf('\n}', start));
    for (const [, text, name] of body.matchAll(/ {5}\* ([^\n]*)\n {5}\* Defaults to[^/]*?\*\/\n {4}(\w+)\??:/g)) {
      const key = `parameter.${operation}.${name.replace(/^_/, '')}`;
      texts.set(key, restoreLineBreaks(unescapeEntities(unescapeText(text)), breaks[key]));
    }
  }
  return texts;
}

/** Comments of request types escape quotes twice: for HTML, then for a string. */
function unescapeEntities(text) {
  return text
    .replaceAll('\\&', '&')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&#x60;', '`')
    .replaceAll('&#x3D;', '=')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** `io.k8s.api.core.v1.Event` is CoreV1Event, as where the short name is taken, or V1Event. */
function modelNames(typeName) {
  const parts = typeName.split('.');
  const kind = parts.at(-1);
  const version = capitalized(parts.at(-2));
  return [`${capitalized(parts.at(-3))}${version}${kind}`, `${version}${kind}`];
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Takes back what the generator escaped for a comment. */
function unescapeText(text) {
  return text
    .replace(/\\(['"\\])/g, '$1')
    .replaceAll('*_/', '*/')
    .replaceAll('/_*', '/*');
}

/** Texts with the line breaks that they have in Go, where these are known. @param {Map<string, string>} texts */
export function withLineBreaks(root, texts) {
  const breaks = readLineBreaks(root);
  return new Map([...texts].map(([name, text]) => [name, restoreLineBreaks(text, breaks[name])]));
}

function readLineBreaks(root) {
  return JSON.parse(readFileSync(join(root, 'scripts/documentation-line-breaks.json'), 'utf8'));
}

/** The typings are one line a text; the offsets tell which spaces were newlines. */
function restoreLineBreaks(text, offsets) {
  if (offsets === undefined) return text;
  const chars = [...text];
  for (const offset of offsets) {
    if (chars[offset] !== ' ') return text;
    chars[offset] = '\n';
  }
  return chars.join('');
}
