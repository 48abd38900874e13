import { spawn } from 'node:child_process';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import { KubeconfigError } from './kubeconfig.ts';

/** What a credential plugin hands out (client.authentication.k8s.io ExecCredentialStatus). */
export interface ExecCredential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  /** Milliseconds since the epoch; undefined when it holds for the process's life. */
  readonly expiresAt?: number;
}

/** Runs a user's credential plugin (KEP-541, versions v1 and v1beta1). @throws KubeconfigError */
export async function runCredentialPlugin(
  exec: JsonObject,
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly interactive: boolean;
    readonly cluster: JsonObject | undefined;
  },
): Promise<ExecCredential> {
  const apiVersion = textOf(exec['apiVersion']);
  const command = textOf(exec['command']);
  if (!/^client\.authentication\.k8s\.io\/(v1|v1beta1)$/.test(apiVersion)) {
    throw new KubeconfigError(`exec plugin: invalid apiVersion ${JSON.stringify(apiVersion)}`);
  }
  const info = {
    kind: 'ExecCredential',
    apiVersion,
    spec: {
      ...(exec['provideClusterInfo'] === true && options.cluster !== undefined ? { cluster: options.cluster } : {}),
      interactive: options.interactive && exec['interactiveMode'] !== 'Never',
    },
  };
  const env: NodeJS.ProcessEnv = { ...options.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  for (const entry of Array.isArray(exec['env']) ? exec['env'].filter(isJsonObject) : []) {
    env[textOf(entry['name'])] = textOf(entry['value']);
  }
  const args = Array.isArray(exec['args']) ? exec['args'].map(textOf) : [];
  const output = await run(command, args, env, textOf(exec['installHint']));
  return credentialFrom(output, command, apiVersion);
}

function credentialFrom(output: string, command: string, apiVersion: string): ExecCredential {
  let document: JsonValue;
  try {
    document = parseJson(output);
  } catch {
    throw new KubeconfigError(
      `getting credentials: decoding stdout: couldn't get version/kind; json parse error: ${command} wrote no JSON`,
    );
  }
  if (!isJsonObject(document) || document['kind'] !== 'ExecCredential' || document['apiVersion'] !== apiVersion) {
    throw new KubeconfigError(
      `getting credentials: exec plugin is configured to use API version ${apiVersion}, plugin returned another`,
    );
  }
  const status = document['status'];
  if (!isJsonObject(status)) throw new KubeconfigError("getting credentials: exec plugin didn't return a status field");
  const token = textOf(status['token']);
  const clientCertificateData = textOf(status['clientCertificateData']);
  const clientKeyData = textOf(status['clientKeyData']);
  if (token === '' && clientCertificateData === '') {
    throw new KubeconfigError("getting credentials: exec plugin didn't return a token or cert/key pair");
  }
  const expires = Date.parse(textOf(status['expirationTimestamp']));
  return {
    ...(token === '' ? {} : { token }),
    ...(clientCertificateData === '' ? {} : { clientCertificateData, clientKeyData }),
    ...(Number.isNaN(expires) ? {} : { expiresAt: expires }),
  };
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, hint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['inherit', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', () => {
      const advice = hint === '' ? '' : `\n\n${hint}`;
      reject(
        new KubeconfigError(
          `getting credentials: exec: executable ${command} not found${advice === '' ? '' : `\n\nIt looks like you are trying to use a client-go credential plugin that is not installed.${advice}`}`,
        ),
      );
    });
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else
        reject(
          new KubeconfigError(`getting credentials: exec: executable ${command} failed with exit code ${code ?? 1}`),
        );
    });
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
