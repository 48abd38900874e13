import { isAbsolute } from 'node:path';
import { parseDuration, formatDuration } from '../apimachinery/duration.ts';
import { messageOf } from '../apimachinery/error-message.ts';
import {
  aggregateMessages,
  duplicate,
  type FieldError,
  FieldPath,
  formatFieldError,
  invalid,
  notSupported,
  required,
} from '../apimachinery/field-error.ts';
import type { JsonObject } from '../apimachinery/json.ts';
import { isDns1123Subdomain } from '../apimachinery/names.ts';
import { compileWebhookConditions, type WebhookConditions } from '../control-plane/authorization/webhook-conditions.ts';
import type { AccessReviewVersion } from '../control-plane/authorization/webhook-authorizer.ts';
import type { FileSystem } from '../system/file-system.ts';
import {
  type ConfigurationFile,
  configurationField as field,
  kindInVersions,
  readConfiguration,
} from '../apimachinery/decoding/configuration-file.ts';

/** The authorizers there are, as --authorization-mode names them. */
export const authorizerTypes: readonly string[] = ['AlwaysAllow', 'AlwaysDeny', 'ABAC', 'Webhook', 'RBAC', 'Node'];

/** A webhook that is asked who may do what. */
export interface WebhookSettings {
  readonly kubeconfig: string;
  readonly version: AccessReviewVersion;
  readonly timeoutMillis: number;
  readonly authorizedMillis: number;
  readonly unauthorizedMillis: number;
  readonly onFailure: 'noOpinion' | 'deny';
  readonly conditions?: WebhookConditions;
}

/** One authorizer of the chain. */
export interface ConfiguredAuthorizer {
  readonly type: string;
  readonly name: string;
  /** Of the type Webhook alone. */
  readonly webhook?: WebhookSettings;
}

const file: ConfigurationFile = {
  kinds: kindInVersions('apiserver.config.k8s.io', 'AuthorizationConfiguration', ['v1', 'v1beta1', 'v1alpha1']),
  scheme: 'k8s.io/apiserver/pkg/apis/apiserver/load/load.go:32',
  root: 'v1.AuthorizationConfiguration',
  types: {
    'v1.AuthorizationConfiguration': { authorizers: field.listOf('v1.AuthorizerConfiguration') },
    'v1.AuthorizerConfiguration': { type: field.text, name: field.text, webhook: field.of('v1.WebhookConfiguration') },
    'v1.WebhookConfiguration': {
      authorizedTTL: field.text,
      cacheAuthorizedRequests: field.flag,
      unauthorizedTTL: field.text,
      cacheUnauthorizedRequests: field.flag,
      timeout: field.text,
      subjectAccessReviewVersion: field.text,
      matchConditionSubjectAccessReviewVersion: field.text,
      failurePolicy: field.text,
      connectionInfo: field.of('v1.WebhookConnectionInfo'),
      matchConditions: field.listOf('v1.WebhookMatchCondition'),
    },
    'v1.WebhookConnectionInfo': { type: field.text, kubeConfigFile: field.text },
    'v1.WebhookMatchCondition': { expression: field.text },
  },
};

interface AuthorizerFields {
  readonly type?: string;
  readonly name?: string;
  readonly webhook?: WebhookFields;
}

interface WebhookFields {
  readonly authorizedTTL?: string;
  readonly cacheAuthorizedRequests?: boolean;
  readonly unauthorizedTTL?: string;
  readonly cacheUnauthorizedRequests?: boolean;
  readonly timeout?: string;
  readonly subjectAccessReviewVersion?: string;
  readonly matchConditionSubjectAccessReviewVersion?: string;
  readonly failurePolicy?: string;
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string };
  readonly matchConditions?: readonly { readonly expression?: string }[];
}

/**
 * Reads the chain of an AuthorizationConfiguration (--authorization-config, KEP-3221).
 * @param requiredTypes that must stay, when a running server reads the file again
 * @throws Error with everything that is wrong
 */
export async function readAuthorizationConfiguration(
  content: string,
  files: FileSystem,
  requiredTypes: readonly string[] = [],
): Promise<readonly ConfiguredAuthorizer[]> {
  const { authorizers = [] } = decode(content) as { authorizers?: readonly AuthorizerFields[] };
  const errors: FieldError[] = [];
  const path = new FieldPath('authorizers');
  if (authorizers.length === 0) errors.push(required(path, 'at least one authorization mode must be defined'));
  const chain: ConfiguredAuthorizer[] = [];
  const seen = { types: new Set<string>(), names: new Set<string>() };
  for (const [index, fields] of authorizers.entries()) {
    const place = path.index(index);
    const problems = authorizerErrors(fields, place, seen);
    errors.push(...problems.errors);
    const { type = '', name = '', webhook } = fields;
    if (problems.isUnusable) continue;
    if (type === 'Webhook' && webhook !== undefined) {
      const read = await readWebhook(webhook, place, files);
      errors.push(...read.errors);
      chain.push({ type, name, webhook: read.settings });
    } else chain.push({ type, name });
  }
  if (errors.length > 0) throw new Error(aggregateMessages(errors.map(formatFieldError)));
  refuseOtherNames(chain, requiredTypes);
  return chain;
}

function decode(content: string): JsonObject {
  if (content === '') return {};
  try {
    return readConfiguration(content, file);
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`failed to load AuthorizationConfiguration from file: ${why}`, { cause: error });
  }
}

function authorizerErrors(
  { type = '', name = '', webhook }: AuthorizerFields,
  place: FieldPath,
  seen: { readonly types: Set<string>; readonly names: Set<string> },
): { readonly errors: readonly FieldError[]; readonly isUnusable: boolean } {
  const typePath = place.child('type');
  const unusable = (error: FieldError): ReturnType<typeof authorizerErrors> => ({ errors: [error], isUnusable: true });
  if (type === '') return unusable(required(typePath));
  if (!authorizerTypes.includes(type)) return unusable(notSupported(typePath, type, authorizerTypes.toSorted()));
  if (seen.types.has(type) && type !== 'Webhook') return unusable(duplicate(typePath, type));
  seen.types.add(type);
  const errors: FieldError[] = [];
  const namePath = place.child('name');
  const problems = isDns1123Subdomain(name);
  if (name === '') errors.push(required(namePath));
  else if (seen.names.has(name)) errors.push(duplicate(namePath, name));
  else if (problems.length > 0) {
    errors.push(invalid(namePath, name, `authorizer name is invalid: ${problems.join(', ')}`));
  }
  seen.names.add(name);
  const webhookPath = place.child('webhook');
  if (type === 'Webhook' && webhook === undefined) errors.push(required(webhookPath, 'required when type=Webhook'));
  if (type !== 'Webhook' && webhook !== undefined) {
    errors.push(invalid(webhookPath, 'non-null', 'may only be specified when type=Webhook'));
  }
  return { errors, isUnusable: false };
}

/** The others are called by their type, so that files and flags mean the same. */
function refuseOtherNames(chain: readonly ConfiguredAuthorizer[], requiredTypes: readonly string[]): void {
  const others = chain.filter(({ type }) => type !== 'Webhook');
  const problems = others
    .filter(({ type, name }) => name !== type.toLowerCase())
    .map(({ type, name }) => `expected name ${type.toLowerCase()} for authorizer ${type} instead of ${name}`);
  const missing = requiredTypes.filter((type) => !others.some((one) => one.type === type)).toSorted();
  if (missing.length > 0) problems.push(`missing required types: [${missing.join(' ')}]`);
  if (problems.length > 0) throw new Error(aggregateMessages(problems));
}

async function readWebhook(
  fields: WebhookFields,
  place: FieldPath,
  files: FileSystem,
): Promise<{ readonly settings: WebhookSettings; readonly errors: readonly FieldError[] }> {
  const errors: FieldError[] = [];
  const check = (problem: FieldError | undefined): void => {
    if (problem !== undefined) errors.push(problem);
  };
  const timeoutMillis = millis(fields.timeout) ?? 0;
  if (timeoutMillis === 0) check(required(place.child('timeout')));
  else if (timeoutMillis > 30_000 || timeoutMillis < 0) {
    check(invalid(place.child('timeout'), formatDuration(timeoutMillis), 'must be > 0s and <= 30s'));
  }
  const authorizedMillis = millis(fields.authorizedTTL) || 300_000;
  check(negative(authorizedMillis, place.child('authorizedTTL')));
  const unauthorizedMillis = millis(fields.unauthorizedTTL) || 30_000;
  check(negative(unauthorizedMillis, place.child('unauthorizedTTL')));
  const version = fields.subjectAccessReviewVersion ?? '';
  check(choice(version, ['v1', 'v1beta1'], place.child('subjectAccessReviewVersion')));
  check(conditionVersionError(fields, place));
  check(choice(fields.failurePolicy ?? '', ['NoOpinion', 'Deny'], place.child('failurePolicy')));
  errors.push(...(await connectionErrors(fields.connectionInfo ?? {}, place.child('connectionInfo'), files)));
  const expressions = (fields.matchConditions ?? []).map(({ expression = '' }) => expression);
  const compiled = compileWebhookConditions(expressions, place.child('matchConditions'));
  errors.push(...compiled.errors);
  const settings: WebhookSettings = {
    kubeconfig: fields.connectionInfo?.kubeConfigFile ?? '',
    version: version === 'v1' ? 'v1' : 'v1beta1',
    timeoutMillis,
    authorizedMillis: fields.cacheAuthorizedRequests === false ? 0 : authorizedMillis,
    unauthorizedMillis: fields.cacheUnauthorizedRequests === false ? 0 : unauthorizedMillis,
    onFailure: fields.failurePolicy === 'Deny' ? 'deny' : 'noOpinion',
    conditions: compiled.conditions,
  };
  return { settings, errors };
}

/** @throws DurationError */
function millis(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : parseDuration(text);
}

function negative(value: number, path: FieldPath): FieldError | undefined {
  return value < 0 ? invalid(path, formatDuration(value), 'must be > 0s') : undefined;
}

function choice(value: string, supported: readonly string[], path: FieldPath): FieldError | undefined {
  if (value === '') return required(path);
  return supported.includes(value) ? undefined : notSupported(path, value, supported);
}

function conditionVersionError(fields: WebhookFields, place: FieldPath): FieldError | undefined {
  const path = place.child('matchConditionSubjectAccessReviewVersion');
  const version = fields.matchConditionSubjectAccessReviewVersion ?? '';
  if (version !== '') return choice(version, ['v1'], path);
  if ((fields.matchConditions ?? []).length === 0) return undefined;
  return required(path, 'required if match conditions are specified');
}

async function connectionErrors(
  { type = '', kubeConfigFile = '' }: NonNullable<WebhookFields['connectionInfo']>,
  path: FieldPath,
  files: FileSystem,
): Promise<FieldError[]> {
  const filePath = path.child('kubeConfigFile');
  if (type === '') return [required(path.child('type'))];
  if (type === 'InClusterConfig') {
    if (kubeConfigFile !== '') return [invalid(filePath, kubeConfigFile, 'can only be set when type=KubeConfigFile')];
    // The real server accepts the type and then ends with a nil pointer.
    return [invalid(path.child('type'), type, 'this server runs in no pod; use KubeConfigFile')];
  }
  if (type !== 'KubeConfigFile') {
    return [notSupported(path.child('type'), type, ['InClusterConfig', 'KubeConfigFile'])];
  }
  if (kubeConfigFile === '') return [required(filePath)];
  if (!isAbsolute(kubeConfigFile)) return [invalid(filePath, kubeConfigFile, 'must be an absolute path')];
  try {
    if ((await files.stat(kubeConfigFile)).isFolder) {
      return [invalid(filePath, kubeConfigFile, 'must be a regular file')];
    }
    return [];
  } catch (error) {
    const { code } = error as { code?: string };
    const why = code === 'ENOENT' ? 'no such file or directory' : String(error);
    return [invalid(filePath, kubeConfigFile, `error loading file: stat ${kubeConfigFile}: ${why}`)];
  }
}
