import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../../../apimachinery/json-codec.ts';
import { sleep } from '../../../../system/clock.ts';
import type { ProcessContext } from '../process-context.ts';
import { objectAt, textOf } from './json-fields.ts';
import { parseFlags } from './program-flags.ts';
import { pathOf, readRequest, serve, withIdentity } from './web-server.ts';

/** What is asked: the request of an AdmissionReview. */
interface Asked {
  readonly request: JsonObject;
  readonly context: ProcessContext;
  readonly sidecarImage: string;
}

/** What is answered, but for the uid; undefined breaks the connection off. */
type Review = (asked: Asked) => JsonObject | undefined | Promise<JsonObject | undefined>;

const reviews: Readonly<Record<string, Review>> = {
  '/add-label': ({ request }) => addLabel(labelsOf(request['object'])),
  '/always-allow-delay-5s': async ({ context }) => {
    await sleep(context.clock, 5000, context.signal);
    return { allowed: true, status: { metadata: {}, message: 'this webhook allows all requests' } };
  },
  '/always-deny': () => denied('this webhook denies all requests'),
  '/configmaps': ({ request }) => reviewData(request, 'configmap contains unwanted key and value', 'configmap'),
  '/crd': ({ request }) => reviewDefinition(request),
  '/custom-resource': ({ request }) => reviewData(request, 'custom resource contains unwanted data', 'custom resource'),
  '/mutating-configmaps': ({ request }) =>
    resourceOf(request) === '/v1, Resource=configmaps' ? mutateData(request) : undefined,
  '/mutating-custom-resource': ({ request }) => mutateData(request),
  '/mutating-pods': ({ request }) => addInitContainer(request),
  '/mutating-pods-sidecar': (asked) => addSidecar(asked),
  '/pods': (asked) => reviewPod(asked),
  '/pods/attach': ({ request }) => reviewAttachment(request),
};

/** `agnhost webhook`: an admission webhook with a path for each of its rules. */
export function runAdmissionWebhook(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const sidecarImage = flags.get('sidecar-image') ?? '';
  return withIdentity(context, flags, (identity) =>
    serve(
      context,
      Number(flags.get('port') ?? 443),
      (request, response) => answerReview(context, sidecarImage, request, response),
      identity,
    ),
  );
}

async function answerReview(
  context: ProcessContext,
  sidecarImage: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  const review = Object.hasOwn(reviews, path) ? reviews[path] : undefined;
  if (review === undefined) {
    response.statusCode = path === '/readyz' ? 200 : 404;
    response.end(path === '/readyz' ? 'ok' : '404 page not found\n');
    return;
  }
  // The one who asks in another form gets nothing.
  if (request.headers['content-type'] !== 'application/json') return void response.end();
  const refuse = (message: string): void => {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${message}\n`);
  };
  let asked: JsonValue;
  try {
    asked = parseJson(await readRequest(request));
  } catch (error) {
    return refuse(`Request could not be decoded: ${messageOf(error)}`);
  }
  const { apiVersion, kind, request: inner } = isJsonObject(asked) ? asked : {};
  const isReview = kind === 'AdmissionReview' && /^admission\.k8s\.io\/v1(?:beta1)?$/.test(textOf(apiVersion));
  if (!isReview || !isJsonObject(inner)) {
    return refuse(`Unsupported group version kind: ${textOf(apiVersion)}, Kind=${textOf(kind)}`);
  }
  const answer = await review({ request: inner, context, sidecarImage });
  if (answer === undefined) return void response.destroy();
  response.setHeader('content-type', 'application/json');
  response.end(stringifyJson({ kind, apiVersion, response: { uid: inner['uid'] ?? '', ...answer } }));
}

function denied(message: string): JsonObject {
  return { allowed: false, status: { metadata: {}, message } };
}

/** Denied with a word in the place of the reason. */
function deniedFor(reason: string): JsonObject {
  return { allowed: false, status: { metadata: {}, reason } };
}

function patched(...operations: JsonObject[]): JsonObject {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { allowed: true, patch, patchType: 'JSONPatch' };
}

function labelsOf(object: JsonValue | undefined): JsonObject {
  return objectAt(object, 'metadata', 'labels');
}

function resourceOf(request: JsonObject): string {
  const { group, version, resource } = objectAt(request['resource']);
  return `${textOf(group)}/${textOf(version)}, Resource=${textOf(resource)}`;
}

function wrongResource(request: JsonObject, expected: string): JsonObject | undefined {
  return resourceOf(request) === expected ? undefined : denied(`expect resource to be ${expected}`);
}

function addLabel(labels: JsonObject): JsonObject {
  const value = labels['added-label'];
  if (value === 'yes') return { allowed: true };
  if (Object.keys(labels).length === 0) {
    return patched({ op: 'add', path: '/metadata/labels', value: { 'added-label': 'yes' } });
  }
  return patched({ op: value === undefined ? 'add' : 'replace', path: '/metadata/labels/added-label', value: 'yes' });
}

/** Objects whose data say of themselves that they are not wanted, or must not go. */
function reviewData(request: JsonObject, unwanted: string, what: string): JsonObject | undefined {
  if (what === 'configmap' && resourceOf(request) !== '/v1, Resource=configmaps') return undefined;
  const isDeleted = request['operation'] === 'DELETE';
  const mark = objectAt(request[isDeleted ? 'oldObject' : 'object'], 'data')['webhook-e2e-test'];
  if (!isDeleted && mark === 'webhook-disallow') return deniedFor(`the ${unwanted}`);
  if (isDeleted && mark === 'webhook-nondeletable') {
    return deniedFor(`the ${what} cannot be deleted because it contains unwanted key and value`);
  }
  return { allowed: true };
}

/** Two stages of mutation, the second of which sees what the first has done. */
function mutateData(request: JsonObject): JsonObject {
  const data = objectAt(request['object'], 'data');
  if (data['mutation-stage-1'] === 'yes') return patched({ op: 'add', path: '/data/mutation-stage-2', value: 'yes' });
  if (data['mutation-start'] === 'yes') return patched({ op: 'add', path: '/data/mutation-stage-1', value: 'yes' });
  return { allowed: true };
}

function reviewDefinition(request: JsonObject): JsonObject {
  const [v1beta1, v1] = ['v1beta1', 'v1'].map(
    (version) => `apiextensions.k8s.io/${version}, Resource=customresourcedefinitions`,
  );
  const resource = resourceOf(request);
  if (resource !== v1beta1 && resource !== v1) {
    return denied(`expect resource to be one of [${v1beta1 ?? ''}, ${v1 ?? ''}] but got ${resource}`);
  }
  if (labelsOf(request['object'])['webhook-e2e-test'] !== 'webhook-disallow') return { allowed: true };
  return denied('the crd contains unwanted label');
}

const podResource = '/v1, Resource=pods';

async function reviewPod({ request, context }: Asked): Promise<JsonObject> {
  const problem = wrongResource(request, podResource);
  if (problem !== undefined) return problem;
  const mark = labelsOf(request['object'])['webhook-e2e-test'];
  if (mark === 'wait-forever') {
    await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  const unwantedNames = namesOf(request, 'containers').filter((name) => name.includes('webhook-disallow'));
  const reasons = [
    ...(mark === 'webhook-disallow' ? ['the pod contains unwanted label;'] : []),
    ...(mark === 'wait-forever' ? ['the pod response should not be sent;'] : []),
    ...unwantedNames.map(() => 'the pod contains unwanted container name;'),
  ];
  return reasons.length === 0 ? { allowed: true } : denied(reasons.join(' '));
}

function namesOf(request: JsonObject, field: string): string[] {
  const list = objectAt(request['object'], 'spec')[field];
  return Array.isArray(list) ? list.map((container) => textOf(objectAt(container)['name'])) : [];
}

function addInitContainer(request: JsonObject): JsonObject | undefined {
  if (resourceOf(request) !== podResource) return undefined;
  const name = 'webhook-added-init-container';
  const isWanted = objectAt(request['object'], 'metadata')['name'] === 'webhook-to-be-mutated';
  if (!isWanted || namesOf(request, 'initContainers').includes(name)) return { allowed: true };
  const value = [{ image: 'webhook-added-image', name, resources: {} }];
  return patched({ op: 'add', path: '/spec/initContainers', value });
}

function addSidecar({ request, sidecarImage: image }: Asked): JsonObject | undefined {
  if (image === '') {
    const message = 'No image specified by the sidecar-image parameter';
    return { allowed: false, status: { metadata: {}, status: 'Failure', message, code: 500 } };
  }
  if (resourceOf(request) !== podResource) return undefined;
  const name = 'webhook-added-sidecar';
  if (namesOf(request, 'containers').includes(name)) return { allowed: true };
  return patched({ op: 'add', path: '/spec/containers/-', value: { image, name, resources: {} } });
}

function reviewAttachment(request: JsonObject): JsonObject {
  if (request['name'] !== 'to-be-attached-pod') return { allowed: true };
  const problem = wrongResource(request, podResource);
  if (problem !== undefined) return problem;
  const subresource = textOf(request['subResource']);
  if (subresource !== 'attach') return denied(`expect subresource to be attach, got ${subresource}`);
  const { stdin, container } = objectAt(request['object']);
  if (stdin !== true || container !== 'container1') return { allowed: true };
  return denied("attaching to pod 'to-be-attached-pod' is not allowed");
}
