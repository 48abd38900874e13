import { parseRequestUri, UrlError } from '../apimachinery/go-url.ts';
import { validateDomainPrefixedPath } from '../apimachinery/domain-prefixed-path.ts';
import { duplicate, type FieldError, type FieldPath, goQuote, invalid, required } from '../apimachinery/field-error.ts';
import { compileClaims, compileUser, readsClaim } from '../control-plane/authentication/claim-expressions.ts';
import { readCertificateBundle } from '../control-plane/authentication/client-certificate.ts';
import type { ClaimSource, JwtSettings, Rule } from '../control-plane/authentication/jwt-tokens.ts';

/** A JWTAuthenticator as a file, or the flags, have it. */
export interface JwtFields {
  readonly issuer?: {
    readonly url?: string;
    readonly discoveryURL?: string;
    readonly certificateAuthority?: string;
    readonly audiences?: readonly string[];
    readonly audienceMatchPolicy?: string;
    readonly egressSelectorType?: string;
  };
  readonly claimValidationRules?: readonly {
    readonly claim?: string;
    readonly requiredValue?: string;
    readonly expression?: string;
    readonly message?: string;
  }[];
  readonly claimMappings?: {
    readonly username?: SourceFields;
    readonly groups?: SourceFields;
    readonly uid?: SourceFields;
    readonly extra?: readonly { readonly key?: string; readonly valueExpression?: string }[];
  };
  readonly userValidationRules?: readonly { readonly expression?: string; readonly message?: string }[];
}

interface SourceFields {
  readonly claim?: string;
  readonly prefix?: string;
  readonly expression?: string;
}

type Expression = Exclude<ReturnType<typeof compileClaims>, string>;

/** Collects what is wrong, and what expressions came to. */
class JwtReader {
  readonly errors: FieldError[] = [];
  /** That may look at claims.email_verified. */
  readonly watchful: Expression[] = [];

  compiled(text: string, path: FieldPath, compile: (text: string) => Expression | string): Expression | undefined {
    const result = compile(text);
    if (typeof result !== 'string') return result;
    this.errors.push(invalid(path, text, result));
    return undefined;
  }
}

/** Checks and reads one authenticator. */
export function readJwtAuthenticator(
  fields: JwtFields,
  path: FieldPath,
  algorithms: readonly string[],
): { readonly settings: JwtSettings; readonly errors: readonly FieldError[] } {
  const reader = new JwtReader();
  const { issuer = {}, claimMappings = {} } = fields;
  reader.errors.push(...issuerErrors(issuer, path.child('issuer')));
  const rules = claimRules(reader, fields.claimValidationRules ?? [], path.child('claimValidationRules'));
  const mappings = readMappings(reader, claimMappings, path.child('claimMappings'));
  const userRules = readUserRules(reader, fields.userValidationRules ?? [], path.child('userValidationRules'));
  const { url = '', discoveryURL = '', certificateAuthority = '', audiences = [] } = issuer;
  const settings: JwtSettings = {
    issuer: url,
    ...(discoveryURL === '' ? {} : { discoveryUrl: discoveryURL }),
    ...(certificateAuthority === '' ? {} : { certificateAuthority }),
    audiences,
    algorithms,
    ...rules,
    ...mappings,
    userRules,
  };
  return { settings, errors: reader.errors };
}

function issuerErrors(issuer: NonNullable<JwtFields['issuer']>, path: FieldPath): FieldError[] {
  const { url = '', discoveryURL = '', certificateAuthority = '', egressSelectorType = '' } = issuer;
  const errors = url === '' ? [required(path.child('url'))] : urlErrors(url, path.child('url'));
  const discovery = path.child('discoveryURL');
  if (discoveryURL !== '') {
    const trimmed = (text: string): string => text.replace(/\/+$/, '');
    if (url !== '' && trimmed(url) === trimmed(discoveryURL)) {
      errors.push(invalid(discovery, discoveryURL, 'discoveryURL must be different from URL'));
    }
    errors.push(...urlErrors(discoveryURL, discovery));
  }
  errors.push(...audienceErrors(issuer, path));
  if (certificateAuthority !== '') {
    if (!hasCertificate(certificateAuthority)) {
      const detail = 'data does not contain any valid RSA or ECDSA certificates';
      errors.push(invalid(path.child('certificateAuthority'), '<omitted>', detail));
    }
  }
  if (egressSelectorType !== '') {
    const isKnown = ['controlplane', 'cluster'].includes(egressSelectorType);
    const detail = isKnown
      ? 'this server has no egress selectors'
      : 'egress selector must be either controlplane or cluster';
    errors.push(invalid(path.child('egressSelectorType'), egressSelectorType, detail));
  }
  return errors;
}

function hasCertificate(pem: string): boolean {
  try {
    return readCertificateBundle(pem).length > 0;
  } catch {
    return false;
  }
}

function urlErrors(text: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = (detail: string): void => void errors.push(invalid(path, text, detail));
  const problem = unreadableUrl(text);
  if (problem !== undefined) {
    wrong(problem);
    return errors;
  }
  if (!/^https:/i.test(text)) wrong('URL scheme must be https');
  if (/^[a-z][a-z\d+.-]*:\/\/[^/?#]*@/i.test(text)) wrong('URL must not contain a username or password');
  if (/^[^#]*\?[^#]/.test(text)) wrong('URL must not contain a query');
  if (/#./.test(text)) wrong('URL must not contain a fragment');
  return errors;
}

/** Why Go reads no URL in a text; undefined where it does, be it a relative one. */
function unreadableUrl(text: string): string | undefined {
  const [beforeFragment = ''] = text.split('#');
  if (beforeFragment === '' || !/^[a-z][a-z\d+.-]*:|^\/|^:/i.test(beforeFragment)) return undefined;
  try {
    parseRequestUri(beforeFragment);
    return undefined;
  } catch (error) {
    return error instanceof UrlError ? error.message.replace(goQuote(beforeFragment), goQuote(text)) : String(error);
  }
}

function audienceErrors(issuer: NonNullable<JwtFields['issuer']>, path: FieldPath): FieldError[] {
  const { audiences = [], audienceMatchPolicy = '' } = issuer;
  const place = path.child('audiences');
  if (audiences.length === 0) return [required(place, `at least one ${place.toString()} is required`)];
  const errors = audiences.flatMap((audience, index): FieldError[] => {
    if (audience === '') return [required(place.index(index))];
    return audiences.indexOf(audience) < index ? [duplicate(place.index(index), audience)] : [];
  });
  const policy = path.child('audienceMatchPolicy');
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny') {
    const detail = 'audienceMatchPolicy must be MatchAny for multiple audiences';
    errors.push(invalid(policy, audienceMatchPolicy, detail));
  } else if (audienceMatchPolicy !== '' && audienceMatchPolicy !== 'MatchAny') {
    const detail = 'audienceMatchPolicy must be empty or MatchAny for single audience';
    errors.push(invalid(policy, audienceMatchPolicy, detail));
  }
  return errors;
}

function claimRules(
  reader: JwtReader,
  rules: NonNullable<JwtFields['claimValidationRules']>,
  path: FieldPath,
): Pick<JwtSettings, 'requiredClaims' | 'claimRules'> {
  const requiredClaims = new Map<string, string>();
  const read: Rule[] = [];
  const seen = new Set<string>();
  for (const [index, { claim = '', requiredValue = '', expression = '', message = '' }] of rules.entries()) {
    const place = path.index(index);
    const wrong = (error: FieldError): void => void reader.errors.push(error);
    if (claim !== '' && expression !== '') wrong(invalid(place, claim, "claim and expression can't both be set"));
    else if (claim === '' && expression === '') wrong(required(place, 'claim or expression is required'));
    else if (claim !== '') {
      if (message !== '') wrong(invalid(place.child('message'), message, 'may not be specified when claim is set'));
      if (requiredClaims.has(claim)) wrong(duplicate(place.child('claim'), claim));
      requiredClaims.set(claim, requiredValue);
    } else {
      if (requiredValue !== '') {
        wrong(invalid(place.child('requiredValue'), requiredValue, 'may not be specified when expression is set'));
      }
      if (seen.has(expression)) {
        wrong(duplicate(place.child('expression'), expression));
        continue;
      }
      seen.add(expression);
      const compiled = reader.compiled(expression, place.child('expression'), (text) => compileClaims(text, true));
      if (compiled === undefined) continue;
      reader.watchful.push(compiled);
      read.push({ expression: compiled, message });
    }
  }
  return { requiredClaims, claimRules: read };
}

function readMappings(
  reader: JwtReader,
  mappings: NonNullable<JwtFields['claimMappings']>,
  path: FieldPath,
): Pick<JwtSettings, 'username' | 'groups' | 'uid' | 'extra'> {
  const username = prefixedSource(reader, mappings.username ?? {}, path.child('username'), true);
  if (username.expression !== undefined) reader.watchful.push(username.expression);
  const groups = prefixedSource(reader, mappings.groups ?? {}, path.child('groups'), false);
  const uid = plainSource(reader, mappings.uid ?? {}, path.child('uid'));
  const extra = extraMappings(reader, mappings.extra ?? [], path.child('extra'));
  const readsEmail = username.expression !== undefined && readsClaim(username.expression, 'email');
  if (readsEmail && !reader.watchful.some((expression) => readsClaim(expression, 'email_verified'))) {
    const detail =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
    reader.errors.push(invalid(path.child('username').child('expression'), username.expression?.text ?? '', detail));
  }
  return { username, groups, uid, extra };
}

function prefixedSource(
  reader: JwtReader,
  { claim = '', prefix, expression = '' }: SourceFields,
  path: FieldPath,
  isRequired: boolean,
): ClaimSource {
  const wrong = (error: FieldError): void => void reader.errors.push(error);
  if (expression !== '' && claim !== '') wrong(invalid(path, '', "claim and expression can't both be set"));
  else if (expression !== '') {
    if (prefix !== undefined) {
      wrong(invalid(path.child('prefix'), prefix, 'may not be specified when expression is set'));
    }
    const compiled = reader.compiled(expression, path.child('expression'), (text) => compileClaims(text, false));
    return compiled === undefined ? {} : { expression: compiled };
  } else if (claim !== '') {
    if (prefix !== undefined) return { claim, prefix };
    const detail = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
    wrong(required(path.child('prefix'), detail));
  } else if (isRequired) wrong(required(path, 'claim or expression is required'));
  return {};
}

function plainSource(reader: JwtReader, { claim = '', expression = '' }: SourceFields, path: FieldPath): ClaimSource {
  if (claim !== '' && expression !== '') {
    reader.errors.push(invalid(path, '', "claim and expression can't both be set"));
    return {};
  }
  if (expression === '') return claim === '' ? {} : { claim };
  const compiled = reader.compiled(expression, path.child('expression'), (text) => compileClaims(text, false));
  return compiled === undefined ? {} : { expression: compiled };
}

function extraMappings(
  reader: JwtReader,
  mappings: readonly { readonly key?: string; readonly valueExpression?: string }[],
  path: FieldPath,
): JwtSettings['extra'] {
  const read: { key: string; expression: Expression }[] = [];
  const seen = new Set<string>();
  for (const [index, { key = '', valueExpression = '' }] of mappings.entries()) {
    const place = path.index(index);
    const keyPath = place.child('key');
    const wrong = (error: FieldError): void => void reader.errors.push(error);
    reader.errors.push(...validateDomainPrefixedPath(keyPath, key));
    if (key !== key.toLowerCase()) wrong(invalid(keyPath, key, 'must be lowercase'));
    if (/^([^/]*\.)?(kubernetes|k8s)\.io\//.test(key)) {
      wrong(invalid(keyPath, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'));
    }
    if (seen.has(key)) {
      wrong(duplicate(keyPath, key));
      continue;
    }
    seen.add(key);
    const valuePath = place.child('valueExpression');
    if (valueExpression === '') {
      wrong(required(valuePath));
      continue;
    }
    const compiled = reader.compiled(valueExpression, valuePath, (text) => compileClaims(text, false));
    if (compiled === undefined) continue;
    reader.watchful.push(compiled);
    read.push({ key, expression: compiled });
  }
  return read;
}

function readUserRules(
  reader: JwtReader,
  rules: NonNullable<JwtFields['userValidationRules']>,
  path: FieldPath,
): readonly Rule[] {
  const seen = new Set<string>();
  return rules.flatMap(({ expression = '', message = '' }, index): Rule[] => {
    const place = path.index(index).child('expression');
    if (expression === '') reader.errors.push(required(place));
    else if (seen.has(expression)) reader.errors.push(duplicate(place, expression));
    else {
      seen.add(expression);
      const compiled = reader.compiled(expression, place, compileUser);
      return compiled === undefined ? [] : [{ expression: compiled, message }];
    }
    return [];
  });
}
