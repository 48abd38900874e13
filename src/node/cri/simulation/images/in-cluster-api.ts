import { isIP } from 'node:net';
import { isJsonObject, type JsonObject } from '../../../../apimachinery/json.ts';
import { parseJson } from '../../../../apimachinery/json-codec.ts';
import { ask, type Answered } from '../http-request.ts';
import type { ProcessContext } from '../process-context.ts';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where the API server is and who asks it, as every pod is told. */
export interface InClusterConfig {
  readonly server: string;
  readonly token: string;
  /** PEM. */
  readonly authority: string;
}

/** @throws Error in the words of client-go outside of a cluster, FileError without a token */
export function inClusterConfig({ env, files }: ProcessContext): InClusterConfig {
  const [host = '', port = ''] = [env.get('KUBERNETES_SERVICE_HOST'), env.get('KUBERNETES_SERVICE_PORT')];
  if (host === '' || port === '') {
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  const read = (name: string): string => Buffer.from(files.readFile(`${folder}/${name}`)).toString('utf8');
  const server = `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  return { server, token: read('token'), authority: read('ca.crt') };
}

/** Asks the API server for a path. @throws Error when it cannot be reached or its certificate is not the cluster's */
export function askApi(
  context: ProcessContext,
  { server, token, authority }: InClusterConfig,
  path: string,
): Promise<Answered> {
  return ask(context, {
    url: `${server}${path}`,
    method: 'GET',
    body: undefined,
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    timeoutSeconds: 30,
    authority,
  });
}

/** What it has at a path. @throws Error for all but 200 */
export async function readApi(context: ProcessContext, config: InClusterConfig, path: string): Promise<JsonObject> {
  const { status, body } = await askApi(context, config, path);
  const value = parseJson(body);
  if (status === 200 && isJsonObject(value)) return value;
  const message = isJsonObject(value) ? value['message'] : undefined;
  throw new Error(typeof message === 'string' ? message : `the server answered ${status}`);
}
