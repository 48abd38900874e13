import type { PodLogCounts } from '../metrics/pod-log-counts.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import {
  goQuote,
  FieldPath,
  fieldForbidden,
  type FieldError,
  invalid,
  invalidObject,
} from '../../../apimachinery/field-error.ts';
import { type HttpResponse, readBody } from '../../../apimachinery/http.ts';
import { badRequest, internalError, StatusError } from '../../../apimachinery/status.ts';
import { canonicalTime } from '../../../apimachinery/go-time.ts';
import { type Endpoint, negotiateAnswer } from '../endpoints/endpoint.ts';
import { requireMediaType } from '../negotiation.ts';
import type { EndpointHandler } from '../route-resource.ts';
import { type KubeletConnections, kubeletFailure } from './kubelet-connections.ts';
import { chosenContainer, kubeletOf, podOf } from './pod-location.ts';
import { bytesOverWebSocket } from './web-socket-answer.ts';
import { queryFlag, queryInteger } from './query-options.ts';

/** PodLogOptions as the query has them. */
interface PodLogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds: number | undefined;
  readonly sinceTime: string | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Whether one of the streams was asked for, which takes a feature gate that is closed. */
  readonly hasStream: boolean;
  /** Whether the kubelet's certificate is taken as it is. */
  readonly insecureSkipTlsVerify: boolean;
}

/** GET pods/NAME/log: what the kubelet has of a container's output. */
export function podLogHandler(kubelets: KubeletConnections, counts?: PodLogCounts): EndpointHandler {
  return async (endpoint) => {
    const { request, server } = endpoint;
    requireMediaType(request, ['text/plain', ...server.codecs.map(({ mediaType }) => mediaType)]);
    // Errors come in one of these forms; the log itself comes as it is.
    negotiateAnswer(endpoint);
    const options = parsePodLogOptions(endpoint.request.query);
    counts?.asked(options.insecureSkipTlsVerify);
    const errors = validatePodLogOptions(options);
    if (errors.length > 0) {
      throw invalidObject({ group: '', version: 'v1', kind: 'PodLogOptions' }, endpoint.name, errors);
    }
    const pod = await podOf(endpoint);
    const container = chosenContainer(pod, options.container);
    const nodeName = pod.spec?.nodeName ?? '';
    // Nothing has run yet, so there is nothing to show.
    if (nodeName === '') {
      return { status: 204, headers: { 'cache-control': 'no-cache, private' }, body: new Uint8Array() };
    }
    const kubelet = await kubeletOf(kubelets, nodeName, options.insecureSkipTlsVerify);
    const words = ['containerLogs', endpoint.namespace, endpoint.name, container].map(encodeURIComponent);
    const query = kubeletQuery(options).toString();
    const path = `/${words.join('/')}${query === '' ? '' : `?${query}`}`;
    let answer: HttpResponse;
    try {
      answer = await kubelet.send({
        method: 'GET',
        path,
        headers: {},
        signal: endpoint.request.signal(),
      });
    } catch (error) {
      counts?.failed(error);
      throw kubeletFailure(error, kubelet, `Get ${goQuote(`https://${kubelet.address ?? ''}${path}`)}`);
    }
    if (answer.status !== 200) throw await kubeletError(endpoint, answer);
    const headers = { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' };
    return bytesOverWebSocket(endpoint.request.headers, { status: 200, headers, body: answer.body });
  };
}

/** @throws StatusError 400 */
function parsePodLogOptions(query: URLSearchParams): PodLogOptions {
  const sinceTime = query.get('sinceTime') ?? '';
  try {
    return {
      container: query.get('container') ?? '',
      follow: queryFlag(query, 'follow'),
      previous: queryFlag(query, 'previous'),
      timestamps: queryFlag(query, 'timestamps'),
      sinceSeconds: queryInteger(query, 'sinceSeconds'),
      sinceTime: sinceTime === '' ? undefined : canonicalTime(sinceTime),
      tailLines: queryInteger(query, 'tailLines'),
      limitBytes: queryInteger(query, 'limitBytes'),
      hasStream: query.has('stream'),
      insecureSkipTlsVerify: queryFlag(query, 'insecureSkipTLSVerifyBackend'),
    };
  } catch (error) {
    throw badRequest(messageOf(error));
  }
}

function validatePodLogOptions(options: PodLogOptions): FieldError[] {
  const { tailLines, limitBytes, sinceSeconds, sinceTime, hasStream } = options;
  const at = (name: string): FieldPath => new FieldPath(name);
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid(at('tailLines'), tailLines, 'must be greater than or equal to 0'));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalid(at('limitBytes'), limitBytes, 'must be greater than 0'));
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    const error = fieldForbidden(at(''), 'at most one of `sinceTime` or `sinceSeconds` may be specified');
    // A path without a name is shown so.
    errors.push({ ...error, field: '[]' });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid(at('sinceSeconds'), sinceSeconds, 'must be greater than 0'));
  }
  if (hasStream) errors.push(fieldForbidden(at('stream'), 'may not be specified'));
  return errors;
}

function kubeletQuery(options: PodLogOptions): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps'] as const) if (options[name]) query.set(name, 'true');
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, `${value}`);
  }
  return query;
}

/** A kubelet says what is wrong in plain text. */
async function kubeletError({ name }: Endpoint, answer: HttpResponse): Promise<StatusError> {
  const text = Buffer.from(await readBody(answer.body)).toString('utf8');
  if (answer.status === 500) return internalError(text);
  if (answer.status === 400) return badRequest(text);
  const isMissing = answer.status === 404;
  const message = isMissing ? 'the server could not find the requested resource' : text;
  return new StatusError({
    message: `${message} ( pods/log ${name})`,
    reason: isMissing ? 'NotFound' : 'Unknown',
    details: { name, kind: 'pods/log' },
    code: answer.status,
  });
}
