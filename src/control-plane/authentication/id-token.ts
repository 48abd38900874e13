import { goQuote } from '../../apimachinery/field-error.ts';
import { showGoTime } from '../../apimachinery/go-time.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';

/** Where claims that a token does not have itself are asked for (OpenID Connect Core 1.0, 5.6.2). */
export interface ClaimSource {
  readonly endpoint: string;
  readonly accessToken: string;
}

/** What an ID token says (OpenID Connect Core 1.0, 2). */
export interface IdToken {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly expires: TokenTime;
  readonly notBefore: TokenTime | undefined;
  /** Names of claims that others have, with the names of their sources. */
  readonly claimNames: Readonly<Record<string, string>>;
  readonly claimSources: Readonly<Record<string, ClaimSource>>;
  readonly claims: JsonObject;
}

/** A moment of a token, in whole seconds since the epoch. */
export interface TokenTime {
  readonly seconds: number;
  readonly shown: string;
}

const never: TokenTime = { seconds: -62_135_596_800, shown: '0001-01-01 00:00:00 +0000 UTC' };
/** What Go makes of numbers that 64 bits do not hold. */
const beyond: TokenTime = { seconds: Number.NEGATIVE_INFINITY, shown: '292277026596-12-04 15:30:08 +0000 UTC' };

/**
 * Reads the claims of a token, as strictly as Go's decoder reads the ones that it knows, by any case of their names.
 * @throws Error in its words
 */
export function readIdToken(payload: Uint8Array): IdToken {
  const claims = parseJson(payload);
  if (!isJsonObject(claims)) throw unfit(claims, 'Go value of type oidc.idToken');
  const read = {
    issuer: '',
    audiences: [] as readonly string[],
    expires: never,
    notBefore: undefined as TokenTime | undefined,
    claimNames: {} as Record<string, string>,
    claimSources: {} as Record<string, ClaimSource>,
  };
  // A value of the wrong type is told of when all is read; times and audiences that are none end the reading.
  const problems: Error[] = [];
  const kept = <T>(value: T | Error, otherwise: T): T => {
    if (!(value instanceof Error)) return value;
    problems.push(value);
    return otherwise;
  };
  for (const [name, value] of Object.entries(claims)) {
    const field = name.toLowerCase();
    switch (field) {
      case 'iss':
        read.issuer = kept(textOf(value, field, read.issuer), read.issuer);
        break;
      case 'sub':
      case 'nonce':
      case 'at_hash':
        kept(textOf(value, field, ''), '');
        break;
      case 'aud':
        read.audiences = audiencesOf(value);
        break;
      case 'exp':
        read.expires = timeOf(value, field);
        break;
      case 'iat':
        timeOf(value, field);
        break;
      case 'nbf':
        read.notBefore = value === null ? undefined : timeOf(value, field);
        break;
      case '_claim_names':
        read.claimNames = kept(namesOf(value, field), {});
        break;
      case '_claim_sources':
        read.claimSources = kept(sourcesOf(value, field), {});
        break;
      default:
    }
  }
  const [first] = problems;
  if (first !== undefined) throw first;
  return { ...read, claims };
}

function unfit(value: JsonValue, into: string): Error {
  return new Error(`json: cannot unmarshal ${describeJsonKind(value)} into ${into}`);
}

function unfitField(value: JsonValue, field: string, type: string, struct = 'idToken'): Error {
  return unfit(value, `Go struct field ${struct}.${field} of type ${type}`);
}

/** @param last what stays where a text is null */
function textOf(value: JsonValue, field: string, last: string, struct = 'idToken'): string | Error {
  if (value === null) return last;
  return typeof value === 'string' ? value : unfitField(value, field, 'string', struct);
}

/** @throws Error for what is neither a text nor a list of them */
function audiencesOf(value: JsonValue): readonly string[] {
  if (value === null) return [''];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw unfitField(value, 'aud', '[]string');
  return value.map((item) => {
    const text = textOf(item, 'aud', '');
    if (typeof text !== 'string') throw text;
    return text;
  });
}

/** @throws Error for what is no number, nor a text of one */
function timeOf(value: JsonValue, field: string): TokenTime {
  if (value === null) throw new Error('strconv.ParseFloat: parsing "": invalid syntax');
  if (typeof value === 'string') {
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) {
      const literal = goQuote(JSON.stringify(value));
      throw new Error(`json: invalid number literal, trying to unmarshal ${literal} into Number`);
    }
    return momentOf(Number(value));
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') throw unfitField(value, field, 'json.Number');
  return momentOf(Number(value));
}

function momentOf(number: number): TokenTime {
  const seconds = Math.trunc(number);
  if (Math.abs(seconds) >= 2 ** 63) return beyond;
  const isShowable = Math.abs(seconds) <= 8.64e12;
  return { seconds, shown: isShowable ? showGoTime(seconds * 1000) : String(seconds) };
}

function namesOf(value: JsonValue, field: string): Record<string, string> | Error {
  if (value === null) return {};
  if (!isJsonObject(value)) return unfitField(value, field, 'map[string]string');
  const names: Record<string, string> = {};
  for (const [name, source] of Object.entries(value)) {
    const text = textOf(source, field, '');
    if (typeof text !== 'string') return text;
    names[name] = text;
  }
  return names;
}

function sourcesOf(value: JsonValue, field: string): Record<string, ClaimSource> | Error {
  if (value === null) return {};
  if (!isJsonObject(value)) return unfitField(value, field, 'map[string]oidc.claimSource');
  const sources: Record<string, ClaimSource> = {};
  for (const [name, source] of Object.entries(value)) {
    const fields = source ?? {};
    if (!isJsonObject(fields)) return unfitField(fields, field, 'oidc.claimSource');
    const read = { endpoint: '', access_token: '' };
    for (const [key, part] of Object.entries(fields)) {
      const known = key.toLowerCase();
      if (known !== 'endpoint' && known !== 'access_token') continue;
      const text = textOf(part, `${field}.${known}`, read[known], 'claimSource');
      if (typeof text !== 'string') return text;
      read[known] = text;
    }
    sources[name] = { endpoint: read.endpoint, accessToken: read.access_token };
  }
  return sources;
}
