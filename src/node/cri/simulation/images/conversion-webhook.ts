import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../../../apimachinery/json-codec.ts';
import type { ProcessContext } from '../process-context.ts';
import { textOf } from './json-fields.ts';
import { parseFlags } from './program-flags.ts';
import { pathOf, readRequest, serve, withIdentity } from './web-server.ts';

/** `agnhost crd-conversion-webhook`: converts between two versions of `stable.example.com`. */
export function runConversionWebhook(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  return withIdentity(context, flags, (identity) =>
    serve(context, Number(flags.get('port') ?? 443), answerReview, identity),
  );
}

async function answerReview(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  if (path !== '/crdconvert') {
    response.statusCode = path === '/readyz' ? 200 : 404;
    response.end(path === '/readyz' ? 'ok' : '404 page not found\n');
    return;
  }
  const refuse = (message: string): void => {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${message}\n`);
  };
  const { 'content-type': contentType = '' } = request.headers;
  if (contentType !== 'application/json') return refuse(`invalid Content-Type header \`${contentType}\``);
  const body = await readRequest(request);
  let review: JsonValue;
  try {
    review = parseJson(body);
  } catch (error) {
    const reason = messageOf(error);
    return refuse(`failed to deserialize body (${body.toString('utf8')}) with error ${reason}`);
  }
  const { apiVersion, kind, request: asked } = isJsonObject(review) ? review : {};
  const isReview = kind === 'ConversionReview' && /^apiextensions\.k8s\.io\/v1(?:beta1)?$/.test(textOf(apiVersion));
  if (!isReview || !isJsonObject(asked)) {
    return refuse(`Unsupported group version kind: ${textOf(apiVersion)}, Kind=${textOf(kind)}`);
  }
  response.setHeader('content-type', 'application/json');
  const empty = { uid: '', desiredAPIVersion: '', objects: null };
  response.end(
    stringifyJson({ kind, apiVersion, request: empty, response: { uid: asked['uid'] ?? '', ...convertAll(asked) } }),
  );
}

/** An object in another version, or why there is none. */
type Conversion = { readonly object: JsonObject } | { readonly problem: string };

function convertAll({ desiredAPIVersion, objects }: JsonObject): JsonObject {
  const convertedObjects: JsonObject[] = [];
  for (const object of Array.isArray(objects) ? objects : []) {
    const converted = convert(isJsonObject(object) ? object : {}, textOf(desiredAPIVersion));
    if ('problem' in converted) {
      const result = { metadata: {}, status: 'Failure', message: converted.problem };
      return { convertedObjects: null, result };
    }
    convertedObjects.push(converted.object);
  }
  return { convertedObjects, result: { metadata: {}, status: 'Success' } };
}

/** v1 has `hostPort`, v2 has `host` and `port` in its place. */
function convert(object: JsonObject, apiVersion: string): Conversion {
  const from = textOf(object['apiVersion']);
  if (from === apiVersion) {
    return { problem: `conversion from a version to itself should not call the webhook: ${apiVersion}` };
  }
  const [v1, v2] = ['stable.example.com/v1', 'stable.example.com/v2'];
  if (from !== v1 && from !== v2) return { problem: `unexpected conversion version ${JSON.stringify(from)}` };
  if (apiVersion !== (from === v1 ? v2 : v1)) {
    return { problem: `unexpected conversion version ${JSON.stringify(apiVersion)}` };
  }
  if (from === v1) {
    const { hostPort, ...rest } = object;
    if (hostPort === undefined) return { object: { ...rest, apiVersion } };
    const parts = textOf(hostPort).split(':');
    const [host = '', port = ''] = parts;
    if (parts.length !== 2) return { problem: `invalid hostPort value \`${textOf(hostPort)}\`` };
    return { object: { ...rest, apiVersion, host, port } };
  }
  const { host, port, ...rest } = object;
  if (host === undefined && port === undefined) return { object: { ...rest, apiVersion } };
  return { object: { ...rest, apiVersion, hostPort: `${textOf(host)}:${textOf(port)}` } };
}
