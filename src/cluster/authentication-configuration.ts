import { messageOf } from '../apimachinery/error-message.ts';
import {
  aggregateMessages,
  duplicate,
  type FieldError,
  FieldPath,
  formatFieldError,
  invalid,
  tooMany,
} from '../apimachinery/field-error.ts';
import { signingAlgorithms } from '../control-plane/authentication/json-web-keys.ts';
import type { JwtSettings } from '../control-plane/authentication/jwt-tokens.ts';
import { ComponentArgumentError } from './component-arguments.ts';
import {
  type ConfigurationFile,
  configurationField as field,
  kindInVersions,
  readConfiguration,
} from '../apimachinery/decoding/configuration-file.ts';
import { type JwtFields, readJwtAuthenticator } from './jwt-configuration.ts';

/** Who may come without credentials. */
export interface AnonymousSettings {
  readonly enabled: boolean;
  /** To these paths alone; to all when empty. */
  readonly paths: readonly string[];
}

/** What an AuthenticationConfiguration says. */
export interface AuthenticationSettings {
  readonly anonymous: AnonymousSettings | undefined;
  /** Whose tokens are taken. */
  readonly issuers: readonly JwtSettings[];
}

const file: ConfigurationFile = {
  kinds: kindInVersions('apiserver.config.k8s.io', 'AuthenticationConfiguration', ['v1', 'v1beta1', 'v1alpha1']),
  scheme: 'pkg/kubeapiserver/options/authentication.go:879',
  root: 'v1.AuthenticationConfiguration',
  types: {
    'v1.AuthenticationConfiguration': {
      jwt: field.listOf('v1.JWTAuthenticator'),
      anonymous: field.of('v1.AnonymousAuthConfig'),
    },
    'v1.AnonymousAuthConfig': { enabled: field.flag, conditions: field.listOf('v1.AnonymousAuthCondition') },
    'v1.AnonymousAuthCondition': { path: field.text },
    'v1.JWTAuthenticator': {
      issuer: field.of('v1.Issuer'),
      claimValidationRules: field.listOf('v1.ClaimValidationRule'),
      claimMappings: field.of('v1.ClaimMappings'),
      userValidationRules: field.listOf('v1.UserValidationRule'),
    },
    'v1.Issuer': {
      url: field.text,
      discoveryURL: field.text,
      certificateAuthority: field.text,
      audiences: field.texts,
      audienceMatchPolicy: field.text,
      egressSelectorType: field.text,
    },
    'v1.ClaimValidationRule': {
      claim: field.text,
      requiredValue: field.text,
      expression: field.text,
      message: field.text,
    },
    'v1.ClaimMappings': {
      username: field.of('v1.PrefixedClaimOrExpression'),
      groups: field.of('v1.PrefixedClaimOrExpression'),
      uid: field.of('v1.ClaimOrExpression'),
      extra: field.listOf('v1.ExtraMapping'),
    },
    'v1.PrefixedClaimOrExpression': { claim: field.text, prefix: field.text, expression: field.text },
    'v1.ClaimOrExpression': { claim: field.text, expression: field.text },
    'v1.ExtraMapping': { key: field.text, valueExpression: field.text },
    'v1.UserValidationRule': { expression: field.text, message: field.text },
  },
};

interface AuthenticationFields {
  readonly jwt?: readonly JwtFields[];
  readonly anonymous?: {
    readonly enabled?: boolean;
    readonly conditions?: readonly { readonly path?: string }[];
  };
}

/** Where a configuration comes from, and what it must not touch. */
export interface AuthenticationConfigurationOptions {
  /** The file's, for messages. */
  readonly path: string;
  /** Issuers of tokens that others look after: those of service accounts. */
  readonly disallowedIssuers: readonly string[];
}

/**
 * Reads an AuthenticationConfiguration (--authentication-config, KEP-3331, KEP-4633).
 * @throws ComponentArgumentError with everything that is wrong
 */
export function readAuthenticationConfiguration(
  content: string,
  options: AuthenticationConfigurationOptions,
): AuthenticationSettings {
  const { jwt = [], anonymous } = decode(content, options.path);
  const issuers = readJwtAuthenticators(jwt, signingAlgorithms);
  const errors = [...issuers.errors];
  const conditions = anonymous?.conditions ?? [];
  if (anonymous?.enabled !== true && conditions.length > 0) {
    const detail = 'enabled should be set to true when conditions are defined';
    const shown = conditions.map(({ path: allowed = '' }) => ({ Path: allowed }));
    errors.push(invalid(new FieldPath('anonymous.conditions'), shown, detail));
  }
  refuseInvalid(errors);
  refuseDisallowed(issuers.settings, options.disallowedIssuers);
  const paths = conditions.map(({ path: allowed = '' }) => allowed);
  return {
    anonymous: anonymous === undefined ? undefined : { enabled: anonymous.enabled === true, paths },
    issuers: issuers.settings,
  };
}

/** The one issuer of the --oidc-* flags, which say the same as a file. @throws ComponentArgumentError */
export function readFlagIssuer(
  fields: JwtFields,
  disallowedIssuers: readonly string[],
  algorithms: readonly string[],
): readonly JwtSettings[] {
  const { settings, errors } = readJwtAuthenticators([fields], algorithms);
  refuseInvalid(errors);
  refuseDisallowed(settings, disallowedIssuers);
  return settings;
}

const maxIssuers = 64;

function readJwtAuthenticators(
  list: readonly JwtFields[],
  algorithms: readonly string[],
): { readonly settings: readonly JwtSettings[]; readonly errors: readonly FieldError[] } {
  const path = new FieldPath('jwt');
  if (list.length > maxIssuers) return { settings: [], errors: [tooMany(path, list.length, maxIssuers)] };
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  const errors: FieldError[] = [];
  const settings = list.map((fields, index) => {
    const place = path.index(index);
    const read = readJwtAuthenticator(fields, place, algorithms);
    errors.push(...read.errors);
    for (const name of ['url', 'discoveryURL'] as const) {
      const value = fields.issuer?.[name] ?? '';
      if (seen[name].has(value) && (name === 'url' || value !== '')) {
        errors.push(duplicate(place.child('issuer').child(name), value));
      }
      seen[name].add(value);
    }
    return read.settings;
  });
  return { settings, errors };
}

function refuseInvalid(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw new ComponentArgumentError(
    `invalid authentication configuration: ${aggregateMessages(errors.map(formatFieldError))}`,
  );
}

/** @throws ComponentArgumentError for an issuer whose tokens others look after */
function refuseDisallowed(settings: readonly JwtSettings[], disallowed: readonly string[]): void {
  for (const { issuer } of settings) {
    if (!disallowed.includes(issuer)) continue;
    const detail = `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`;
    throw new ComponentArgumentError(formatFieldError(invalid(new FieldPath('issuer').child('url'), issuer, detail)));
  }
}

function decode(content: string, path: string): AuthenticationFields {
  try {
    if (content === '') throw new Error('empty config data');
    return readConfiguration(content, file);
  } catch (error) {
    const why = messageOf(error);
    throw new ComponentArgumentError(`failed to load authentication configuration from file "${path}": ${why}`);
  }
}
