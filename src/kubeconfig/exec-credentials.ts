import { normalize } from 'node:path';
import { goQuote } from '../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import { parseYaml } from '../apimachinery/yaml.ts';
import { KubeconfigError } from './kubeconfig.ts';

/** What a credential plugin hands out (client.authentication.k8s.io ExecCredentialStatus). */
export interface ExecCredential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  /** Milliseconds since the epoch; undefined when it holds for the process's life. */
  readonly expiresAt?: number;
}

/** What there is on standard input: somebody at a terminal, nobody, or manifests that the command itself reads. */
export type StandardInput = 'terminal' | 'no-terminal' | 'taken';

const whyNotInteractive = {
  'no-terminal': 'standard input is not a terminal',
  taken: 'standard input is unavailable: used by stdin resource manifest reader',
} as const;

/** A plugin that could not be run or did not answer as it must. */
function failure(reason: string): KubeconfigError {
  return new KubeconfigError(`getting credentials: ${reason}`);
}

const aboutPlugins = `

It looks like you are trying to use a client-go credential plugin that is not installed.

To learn more about this feature, consult the documentation available at:
      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins`;

/**
 * Runs a user's credential plugin (KEP-541, versions v1 and v1beta1) and reads the ExecCredential it prints.
 * @throws KubeconfigError in client-go's words
 */
export async function runCredentialPlugin(
  exec: JsonObject,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly standardInput: StandardInput;
    /** `spec.cluster` of what the plugin is told when its configuration asks for it. */
    readonly cluster: JsonObject | undefined;
  },
): Promise<ExecCredential> {
  const apiVersion = textOf(exec['apiVersion']);
  const command = normalize(textOf(exec['command']));
  const { standardInput } = options;
  if (exec['interactiveMode'] === 'Always' && standardInput !== 'terminal') {
    throw failure(`exec plugin cannot support interactive mode: ${whyNotInteractive[standardInput]}`);
  }
  const isInteractive = standardInput === 'terminal' && exec['interactiveMode'] !== 'Never';
  const spec = {
    ...(exec['provideClusterInfo'] === true && options.cluster !== undefined ? { cluster: options.cluster } : {}),
    interactive: isInteractive,
  };
  const env: NodeJS.ProcessEnv = { ...options.env };
  for (const entry of Array.isArray(exec['env']) ? exec['env'].filter(isJsonObject) : []) {
    env[textOf(entry['name'])] = textOf(entry['value']);
  }
  env['KUBERNETES_EXEC_INFO'] = `${stringifyJson({ kind: 'ExecCredential', apiVersion, spec })}\n`;
  const args = Array.isArray(exec['args']) ? exec['args'].map(textOf) : [];
  const output = await run(command, args, env, isInteractive, textOf(exec['installHint']));
  return credentialFrom(output, apiVersion);
}

/** Refuses a version that is not spoken, before anything is sent. @throws KubeconfigError */
export function requireKnownPluginVersion(exec: JsonObject): void {
  const apiVersion = textOf(exec['apiVersion']);
  if (!/^client\.authentication\.k8s\.io\/(v1|v1beta1)$/.test(apiVersion)) {
    throw new KubeconfigError(`exec plugin: invalid apiVersion ${goQuote(apiVersion)}`);
  }
}

function credentialFrom(output: string, apiVersion: string): ExecCredential {
  const document = parseAnswer(output);
  // What is left out is that of the credential as client-go holds it, which no plugin may answer with.
  const kind = nameIn(document, 'kind') ?? 'ExecCredential';
  const answered = nameIn(document, 'apiVersion') ?? internalVersion;
  if (kind !== 'ExecCredential' || !knownVersions.test(answered)) {
    const version =
      answered === internalVersion
        ? 'the internal version of group "client.authentication.k8s.io"'
        : `version ${goQuote(answered)}`;
    throw failure(
      `decoding stdout: no kind ${goQuote(kind)} is registered for ${version} in scheme "pkg/client/auth/exec/exec.go:64"`,
    );
  }
  if (answered !== apiVersion) {
    throw failure(`exec plugin is configured to use API version ${apiVersion}, plugin returned version ${answered}`);
  }
  const { status } = document;
  if (!isJsonObject(status)) throw failure("exec plugin didn't return a status field");
  const token = textOf(status['token']);
  const clientCertificateData = textOf(status['clientCertificateData']);
  const clientKeyData = textOf(status['clientKeyData']);
  if (token === '' && clientCertificateData === '' && clientKeyData === '') {
    throw failure("exec plugin didn't return a token or cert/key pair");
  }
  if ((clientCertificateData === '') !== (clientKeyData === '')) {
    throw failure('exec plugin returned only certificate or key, not both');
  }
  const expires = Date.parse(textOf(status['expirationTimestamp']));
  return {
    ...(token === '' ? {} : { token }),
    ...(clientCertificateData === '' ? {} : { clientCertificateData, clientKeyData }),
    ...(Number.isNaN(expires) ? {} : { expiresAt: expires }),
  };
}

const internalVersion = 'client.authentication.k8s.io/__internal';
const knownVersions = /^client\.authentication\.k8s\.io\/(v1|v1beta1|__internal)$/;

/** @throws KubeconfigError for what is no text */
function nameIn(document: JsonObject, field: 'kind' | 'apiVersion'): string | undefined {
  const value = document[field] ?? '';
  if (typeof value !== 'string')
    throw noVersion(`cannot unmarshal ${goType(value)} into Go struct field .${field} of type string`);
  return value === '' ? undefined : value;
}

function noVersion(problem: string): KubeconfigError {
  return failure(`decoding stdout: couldn't get version/kind; json parse error: json: ${problem}`);
}

/** How Go's decoder calls the type of a value. */
function goType(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'number' : typeof value;
}

/** What a plugin printed; JSON, or YAML, which client-go reads as well. @throws KubeconfigError */
function parseAnswer(output: string): JsonObject {
  let document: JsonValue;
  try {
    document = /^\s*\{/.test(output) ? parseJson(output) : parseYaml(output);
  } catch (error) {
    throw failure(`decoding stdout: couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
  if (document === null) return {};
  if (isJsonObject(document)) return document;
  const fields = 'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\""';
  throw noVersion(`cannot unmarshal ${goType(document)} into Go value of type struct { ${fields} }`);
}

/** @returns what it printed; its standard error is ours */
async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  isInteractive: boolean,
  hint: string,
): Promise<string> {
  // Few have a plugin, and loading what starts it takes every command a millisecond or two.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES') {
        reject(failure(`exec: fork/exec ${command}: permission denied`));
        return;
      }
      reject(failure(`exec: executable ${command} not found${aboutPlugins}${hint === '' ? '' : `\n\n${hint}`}`));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(failure(`exec: executable ${command} failed with exit code ${code ?? -1}`));
    });
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
