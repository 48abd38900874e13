import { type GoUrl, parseQuery, parseRequestUri, UrlError } from '../../apimachinery/go-url.ts';
import {
  isQualifiedName,
  isValidLabelValue,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../apimachinery/names.ts';
import { matchesFormat } from '../../apimachinery/string-formats.ts';
import { declare, type FunctionDeclaration, member, overload } from '../declarations.ts';
import { compilePattern, PatternError } from '../regular-expression.ts';
import { type CelType, listType, mapType, optionalType, structType, types } from '../types.ts';
import { CelEvaluationError, CelList, CelMap, CelOpaque, CelOptional, type CelValue, noValue } from '../values.ts';
import { intOf, opaqueOf, textOf } from './arguments.ts';

const { bool, int, string } = types;
const urlType = structType('kubernetes.URL');
const formatType = structType('kubernetes.NamedFormat');

/** A URL. */
export class CelUrl extends CelOpaque {
  readonly type: CelType = urlType;
  readonly text: string;
  readonly url: GoUrl;

  constructor(text: string) {
    super();
    this.text = text;
    this.url = parseRequestUri(text);
  }

  equalTo(other: CelOpaque): boolean {
    return other instanceof CelUrl && other.text === this.text;
  }
}

function urlPart(name: string, id: string, part: (url: GoUrl) => string): FunctionDeclaration {
  return declare(
    name,
    member(id, [urlType], string, ([url]) => part(opaqueOf(url, CelUrl).url)),
  );
}

function readUrl([text]: readonly CelValue[]): CelUrl {
  try {
    return new CelUrl(textOf(text));
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    throw new CelEvaluationError(`URL parse error during conversion from string: ${error.message}`);
  }
}

function isUrl([text]: readonly CelValue[]): boolean {
  try {
    parseRequestUri(textOf(text));
    return true;
  } catch (error) {
    if (error instanceof UrlError) return false;
    throw error;
  }
}

/** Kubernetes' functions for URLs. */
export const urlLibrary: readonly FunctionDeclaration[] = [
  declare('url', overload('string_to_url', [string], urlType, readUrl)),
  urlPart('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
  urlPart('getHost', 'url_get_host', ({ host }) => host),
  urlPart('getHostname', 'url_get_hostname', ({ hostname }) => hostname),
  urlPart('getPort', 'url_get_port', ({ port }) => port),
  urlPart('getEscapedPath', 'url_get_escaped_path', ({ path }) => path),
  declare(
    'getQuery',
    member('url_get_query', [urlType], mapType(string, listType(string)), ([url]) => {
      const values = parseQuery(opaqueOf(url, CelUrl).url.query);
      return new CelMap(Array.from(values, ([name, list]) => [name, new CelList(list)] as const));
    }),
  ),
  declare('isURL', overload('is_url_string', [string], bool, isUrl)),
];

function pattern(value: CelValue | undefined): RegExp {
  try {
    return compilePattern(textOf(value));
  } catch (error) {
    if (error instanceof PatternError) throw new CelEvaluationError(`Illegal regex: ${error.message}`);
    throw error;
  }
}

function findAll([text, expression, limit = -1n]: readonly CelValue[]): CelList {
  const most = intOf(limit);
  const all = new RegExp(pattern(expression).source, 'gu');
  const found = Array.from(textOf(text).matchAll(all), ([whole]) => whole);
  return new CelList(most < 0n ? found : found.slice(0, Number(most)));
}

/** Kubernetes' functions for patterns. */
export const regexLibrary: readonly FunctionDeclaration[] = [
  declare(
    'find',
    member('string_find_string', [string, string], string, ([text, expression]) => {
      return pattern(expression).exec(textOf(text))?.[0] ?? '';
    }),
  ),
  declare(
    'findAll',
    member('string_find_all_string', [string, string], listType(string), findAll),
    member('string_find_all_string_int', [string, string, int], listType(string), findAll),
  ),
];

/** A format that has a name. */
export class CelFormat extends CelOpaque {
  readonly type: CelType = formatType;
  readonly name: string;
  readonly problems: (text: string) => readonly string[];
  readonly #patternSize: number;

  constructor(name: string, patternSize: number, problems: (text: string) => readonly string[]) {
    super();
    this.name = name;
    this.problems = problems;
    this.#patternSize = patternSize;
  }

  override get traversalSize(): number {
    return this.#patternSize;
  }

  equalTo(other: CelOpaque): boolean {
    return other instanceof CelFormat && other.name === this.name;
  }
}

function uriProblems(text: string): string[] {
  try {
    parseRequestUri(text);
    return [];
  } catch (error) {
    if (error instanceof UrlError) return [error.message];
    throw error;
  }
}

function ofFormat(format: string, problem: string): (text: string) => string[] {
  return (text) => (matchesFormat(format, text) ? [] : [problem]);
}

const namedFormats: ReadonlyMap<string, CelFormat> = new Map(
  (
    [
      ['dns1123Label', 30, (text) => nameIsDnsLabel(text, false)],
      ['dns1123Subdomain', 60, (text) => nameIsDnsSubdomain(text, false)],
      ['dns1035Label', 30, (text) => nameIsDns1035Label(text, false)],
      ['qualifiedName', 60, isQualifiedName],
      ['dns1123LabelPrefix', 30, (text) => nameIsDnsLabel(text, true)],
      ['dns1123SubdomainPrefix', 60, (text) => nameIsDnsSubdomain(text, true)],
      ['dns1035LabelPrefix', 30, (text) => nameIsDns1035Label(text, true)],
      ['labelValue', 40, isValidLabelValue],
      ['uri', 1103, uriProblems],
      ['uuid', 70, ofFormat('uuid', 'does not match the UUID format')],
      ['byte', 84, ofFormat('byte', 'invalid base64')],
      ['date', 71, ofFormat('date', 'invalid date')],
      ['datetime', 71, ofFormat('datetime', 'invalid datetime')],
    ] satisfies readonly (readonly [string, number, (text: string) => readonly string[]])[]
  ).map(([name, size, problems]) => [name, new CelFormat(name, size, problems)] as const),
);

const formatFunctions = [...namedFormats].map(([name, format]) =>
  declare(
    `format.${name}`,
    overload(`format.${name}`, [], formatType, () => format),
  ),
);

/** Kubernetes' functions for named formats and for JSON patches. */
export const formatLibrary: readonly FunctionDeclaration[] = [
  declare(
    'validate',
    member('format-validate', [formatType, string], optionalType(listType(string)), ([format, text]) => {
      const problems = opaqueOf(format, CelFormat).problems(textOf(text));
      return problems.length === 0 ? noValue : new CelOptional(new CelList(problems));
    }),
  ),
  declare(
    'format.named',
    overload('format-named', [string], optionalType(formatType), ([name]) => {
      const format = namedFormats.get(textOf(name));
      return format === undefined ? noValue : new CelOptional(format);
    }),
  ),
  ...formatFunctions,
];

/** Escapes a key for the path of a JSON patch (RFC 6901). */
export const jsonPatchLibrary: readonly FunctionDeclaration[] = [
  declare(
    'jsonpatch.escapeKey',
    overload('string_jsonpatch_escapeKey_string', [string], string, ([key]) =>
      textOf(key).replaceAll('~', '~0').replaceAll('/', '~1'),
    ),
  ),
];
