import { parseDuration } from '../apimachinery/duration.ts';
import { type FieldError, type FieldPath, goQuote, invalid, required } from '../apimachinery/field-error.ts';
import { ComponentArgumentError } from './component-arguments.ts';

/** `kms` of a provider, as the file has it. */
export interface KmsFields {
  readonly apiVersion?: string;
  readonly name?: string;
  readonly cachesize?: number;
  readonly endpoint?: string;
  readonly timeout?: string;
}

/** A key management service to be used. */
export interface KmsSettings {
  readonly apiVersion: string;
  readonly name: string;
  /** A path, or with a leading @ a name in the abstract namespace. */
  readonly socketPath: string;
  readonly timeoutMillis: number;
}

const defaultTimeout = '3s';
const defaultCacheSize = 1000;

/**
 * Checks what the file says of a service.
 * @param names those of the services before it; its own is added
 * @param isReloaded names are then unique whatever the version
 * @throws DurationError for a timeout that is none
 */
export function readKms(
  fields: KmsFields,
  path: FieldPath,
  names: Set<string>,
  isReloaded: boolean,
  errors: FieldError[],
): KmsSettings {
  const { apiVersion = 'v1', name = '', cachesize, endpoint = '', timeout = defaultTimeout } = fields;
  const wrong = (field: keyof KmsFields, value: unknown, detail: string): void => {
    errors.push(invalid(path.child(field), value, detail));
  };
  const timeoutMillis = parseDuration(timeout);
  if (name === '') errors.push(required(path.child('name'), 'name is a mandatory field for a provider'));
  if (apiVersion !== 'v1' && name.includes(':')) {
    wrong('name', name, `invalid KMS provider name ${name}, must not contain ':'`);
  }
  if ((isReloaded || apiVersion !== 'v1') && names.has(name)) {
    wrong('name', name, `duplicate KMS provider name ${name}, names must be unique`);
  }
  names.add(name);
  if (timeoutMillis <= 0) wrong('timeout', timeout, 'timeout should be a positive value');
  const problem = endpointProblem(endpoint);
  if (problem !== undefined) wrong('endpoint', endpoint, problem);
  if (apiVersion !== 'v1' && cachesize !== undefined) wrong('cachesize', cachesize, 'cachesize is not supported in v2');
  if (apiVersion === 'v1' && (cachesize ?? defaultCacheSize) === 0) {
    wrong('cachesize', 0, 'cachesize should be a positive value, or negative to disable');
  }
  if (apiVersion !== 'v1' && apiVersion !== 'v2') {
    // The real message has the field where its value was meant.
    wrong('apiVersion', apiVersion, 'unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported');
  }
  const socketPath = pathOf(endpoint).replace(/^\/@/, '@');
  return { apiVersion, name, socketPath, timeoutMillis };
}

/** Version 1 is behind a feature gate that this server does not have. @throws ComponentArgumentError */
export function requireKmsV2({ apiVersion }: KmsSettings): void {
  if (apiVersion !== 'v1') return;
  throw new ComponentArgumentError(
    'error while building transformers: KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.',
  );
}

function endpointProblem(endpoint: string): string | undefined {
  if (endpoint === '') return 'endpoint is a mandatory field for a kms';
  const escape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(endpoint);
  if (escape !== null) {
    const why = `parse ${goQuote(endpoint)}: invalid URL escape ${goQuote(escape[0])}`;
    return `invalid endpoint for kms provider, error: ${why}`;
  }
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(endpoint)?.[1]?.toLowerCase() ?? '';
  return scheme === 'unix'
    ? undefined
    : `unsupported scheme ${goQuote(scheme)} for KMS provider, only unix is supported`;
}

/** The path of a URL, behind the host where it has one. */
function pathOf(endpoint: string): string {
  const rest = endpoint.replace(/^[^:]*:/, '');
  const path = rest.startsWith('//') ? rest.slice(2).replace(/^[^/]*/, '') : rest;
  return decodeURIComponent(path.replace(/[?#].*$/, '').replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'));
}
