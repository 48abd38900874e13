import {
  aggregateMessages,
  type FieldError,
  FieldPath,
  fieldForbidden,
  formatFieldError,
  invalid,
} from '../apimachinery/field-error.ts';
import { type ConfigurationKind, configurationField as field, readConfigurationFile } from './configuration-file.ts';

/** Who may come without credentials. */
export interface AnonymousSettings {
  readonly enabled: boolean;
  /** To these paths alone; to all when empty. */
  readonly paths: readonly string[];
}

/** What an AuthenticationConfiguration says. */
export interface AuthenticationSettings {
  readonly anonymous: AnonymousSettings | undefined;
}

const file: ConfigurationKind = {
  group: 'apiserver.config.k8s.io',
  kind: 'AuthenticationConfiguration',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  types: {
    AuthenticationConfiguration: { jwt: field.listOf('JWTAuthenticator'), anonymous: field.of('AnonymousAuthConfig') },
    AnonymousAuthConfig: { enabled: field.flag, conditions: field.listOf('AnonymousAuthCondition') },
    AnonymousAuthCondition: { path: field.text },
    JWTAuthenticator: {
      issuer: field.of('Issuer'),
      claimValidationRules: field.listOf('ClaimValidationRule'),
      claimMappings: field.of('ClaimMappings'),
      userValidationRules: field.listOf('UserValidationRule'),
    },
    Issuer: {
      url: field.text,
      discoveryURL: field.text,
      certificateAuthority: field.text,
      audiences: field.texts,
      audienceMatchPolicy: field.text,
      egressSelectorType: field.text,
    },
    ClaimValidationRule: {
      claim: field.text,
      requiredValue: field.text,
      expression: field.text,
      message: field.text,
    },
    ClaimMappings: {
      username: field.of('PrefixedClaimOrExpression'),
      groups: field.of('PrefixedClaimOrExpression'),
      uid: field.of('ClaimOrExpression'),
      extra: field.listOf('ExtraMapping'),
    },
    PrefixedClaimOrExpression: { claim: field.text, prefix: field.text, expression: field.text },
    ClaimOrExpression: { claim: field.text, expression: field.text },
    ExtraMapping: { key: field.text, valueExpression: field.text },
    UserValidationRule: { expression: field.text, message: field.text },
  },
};

interface AuthenticationFields {
  readonly jwt?: readonly object[];
  readonly anonymous?: {
    readonly enabled?: boolean;
    readonly conditions?: readonly { readonly path?: string }[];
  };
}

/**
 * Reads an AuthenticationConfiguration (--authentication-config, KEP-3331, KEP-4633).
 * @param path the file's, for messages
 * @throws Error with everything that is wrong
 */
export function readAuthenticationConfiguration(content: string, path: string): AuthenticationSettings {
  const { jwt = [], anonymous } = decode(content, path);
  const errors: FieldError[] = [];
  if (jwt.length > 0) {
    errors.push(fieldForbidden(new FieldPath('jwt'), 'this server does not know OpenID Connect yet'));
  }
  const conditions = anonymous?.conditions ?? [];
  if (anonymous?.enabled !== true && conditions.length > 0) {
    const detail = 'enabled should be set to true when conditions are defined';
    const shown = conditions.map(({ path: allowed = '' }) => ({ Path: allowed }));
    errors.push(invalid(new FieldPath('anonymous.conditions'), shown, detail));
  }
  if (errors.length > 0) {
    throw new Error(`invalid authentication configuration: ${aggregateMessages(errors.map(formatFieldError))}`);
  }
  const paths = conditions.map(({ path: allowed = '' }) => allowed);
  return { anonymous: anonymous === undefined ? undefined : { enabled: anonymous.enabled === true, paths } };
}

function decode(content: string, path: string): AuthenticationFields {
  try {
    if (content === '') throw new Error('empty config data');
    return readConfigurationFile(content, file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`failed to load authentication configuration from file "${path}": ${why}`, { cause: error });
  }
}
