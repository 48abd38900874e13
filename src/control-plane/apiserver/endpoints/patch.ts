import { header, type HttpResponse } from '../../../apimachinery/http.ts';
import {
  type FieldError,
  FieldPath,
  formatFieldError,
  invalid,
  invalidObject,
} from '../../../apimachinery/field-error.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { formatGroupVersion, gvkOf, type GroupVersionKind, gvkText } from '../../../apimachinery/gvk.ts';
import {
  isDeeperThan,
  isJsonObject,
  notAnObjectText,
  type JsonObject,
  type JsonValue,
  mostNesting,
  notTextOfKind,
} from '../../../apimachinery/json.ts';
import { escapeHtmlInJson } from '../../../apimachinery/go-json.ts';
import { parseJson, stringifyJson } from '../../../apimachinery/json-codec.ts';
import { stringifyWithLiterals } from '../../../apimachinery/number-literals.ts';
import { badTimeOfManagers } from '../../../patch/applied-managers.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, conflict, notFound, StatusError } from '../../../apimachinery/status.ts';
import {
  applyDefaults,
  type ExpectedKind,
  isSameKind,
  readLimitedBody,
  reportStrictErrors,
  typedObject,
} from '../decoding/object-body.ts';
import { otherKindText } from '../decoding/other-kind.ts';
import { converterMessage } from '../../../apimachinery/decoding/converter-message.ts';
import { mediaTypeOf } from '../negotiation.ts';
import { writeObjectJson } from '../codecs/object-json.ts';
import { addWarning, type ApiRequest, managerOf } from '../request-context.ts';
import {
  answerObject,
  bodyResource,
  kindOf,
  matchNamespace,
  negotiateAnswer,
  writeContext,
  type Endpoint,
} from './endpoint.ts';
import {
  isPatchType,
  noPatchOfCustomObjects,
  patchReader,
  type ParsedPatch,
  unsupportedPatchType,
} from './patch-body.ts';
import type { ApiResource } from '../registry/api-resource.ts';
import { withOwnersIfTheyFit } from '../registry/request-size.ts';
import type { UpdateResult } from '../registry/store.ts';
import { parsePatchOptions } from './request-options.ts';
import { applyThroughView, type MadeObject, notConvertible, ownedView, updateThroughView } from './view-writes.ts';
import { admissionSteps } from './update.ts';

type PatchRequestOptions = ReturnType<typeof parsePatchOptions>;

/** PATCH of an object or of a subresource that speaks the object's own kind, in any of the four forms. */
export async function handlePatch(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, store, name } = endpoint;
  const patchType = mediaTypeOf(header(request.headers, 'content-type') ?? '');
  if (!isPatchType(patchType)) throw endpoint.resource.custom ? noPatchOfCustomObjects() : unsupportedPatchType();
  if (name === '') throw badRequest('name must be provided');
  const format = negotiateAnswer(endpoint);
  const isApply = patchType === 'application/apply-patch+yaml';
  const options = parsePatchOptions(request.query, isApply);
  const read = patchReader(patchType, bodyResource(endpoint), options.fieldValidation);
  const body = await readLimitedBody(request.http);
  let known: ParsedPatch | undefined;
  const parsed = (): ParsedPatch => {
    if (known === undefined) request.audit?.requestBody((known = read(body)).value);
    return known ?? read(body);
  };
  // Other patches are looked at when there is an object for them.
  if (isApply) parsed();
  const make = async (old: Unstructured | undefined): Promise<MadeObject> => {
    const made = isApply
      ? await appliedObject(endpoint, parsed(), old, options)
      : await patchedObject(endpoint, parsed, old, options);
    if (old === undefined) refuseKnownUid(endpoint, made.object);
    checkIdentity(endpoint, made.viewed ?? made.object);
    return made;
  };
  const write = (leavesOut: boolean): Promise<UpdateResult> =>
    store.update(name, writeContext(endpoint, options.dryRun), {
      ...admissionSteps(endpoint, options, { object: make, leavesOutOwners: leavesOut }),
      allowCreate: isApply && endpoint.subresource === undefined,
    });
  // Who applies needs the owners.
  const result = await (isApply ? write(false) : withOwnersIfTheyFit(write));
  return answerObject(endpoint, format, result.created ? 201 : 200, result.object);
}

/** The stored object with a JSON, merge or strategic merge patch on it, typed and with defaults. */
async function patchedObject(
  endpoint: Endpoint,
  read: () => ParsedPatch,
  old: Unstructured | undefined,
  options: PatchRequestOptions,
): Promise<MadeObject> {
  const { request, server, resource, store } = endpoint;
  if (old === undefined) throw notFound(resource.groupResource, endpoint.name);
  const patch = read();
  // A copy with its fields in the order that refusals show.
  const before = parseJson(writeObjectJson(endpoint.view === undefined ? old : ownedView(endpoint.view, old)));
  const value = patch.applyTo(before as JsonObject);
  const patched = typedPatched(endpoint, value, patch, options);
  checkIdentity(endpoint, patched);
  applyDefaults(patched, bodyResource(endpoint));
  const writer = {
    manager: managerOf(request),
    subresource: endpoint.subresource?.name ?? '',
    now: server.clock.now(),
  };
  if (endpoint.view !== undefined) return updateThroughView(server, endpoint.view, old, patched, writer);
  return { object: await server.fieldManagement.afterUpdate(store.resource, old, patched, writer) };
}

function typedPatched(
  endpoint: Endpoint,
  value: JsonValue,
  patch: ParsedPatch,
  options: PatchRequestOptions,
): Unstructured {
  const { request } = endpoint;
  const resource = bodyResource(endpoint);
  const expected = kindOf(resource);
  if (isDeeperThan(value, mostNesting)) throw badRequest('the patched object nests too deep: exceeded max depth');
  const refuse = (message: string): StatusError => refusedPatch(value, patch, message);
  if (value !== null && !isJsonObject(value)) {
    throw refuse(`couldn't get version/kind; json parse error: ${notAnObjectText(value)}`);
  }
  const isCustom = resource.custom && expected.type === resource.definition.type;
  const stated = patch.keepsKind === true ? expected.gvk : statedKind(value, expected.gvk, refuse);
  if (isCustom) {
    if ((value?.['kind'] ?? '') === '') {
      throw refuse(`Object 'Kind' is missing in '${escapeHtmlInJson(stringifyJson(value))}'`);
    }
    refuseOtherCustomKind(endpoint.name, stated, expected.gvk);
  } else if (!isSameKind(stated, expected.gvk)) {
    throw refuse(otherKindText(value, stated, expected.gvk, endpoint.server.registry).message);
  }
  // Without a version the real server reads its own form of the object, where metadata has no name of its own.
  const isInternal = !isCustom && patch.keepsKind !== true && (value?.['apiVersion'] ?? '') === '';
  try {
    const report = (unknownFields: readonly string[]): void => {
      const unknown = unknownFields.map((path) => `unknown field "${path}"`);
      const complaints = [...patch.strictErrors, ...(patch.sortsUnknownFields === true ? unknown.toSorted() : unknown)];
      reportStrictErrors(complaints, expected.gvk, expected, options.fieldValidation, (text) =>
        addWarning(request, text),
      );
    };
    if (!isInternal) {
      return typedObject(value, expected.gvk, resource, expected, report, { ...patch, keepsEmpty: true });
    }
    report(
      Object.keys(value ?? {})
        .filter((field) => field !== 'kind' && field !== 'apiVersion')
        .toSorted(),
    );
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const message = error.message.replace(/^.* cannot be handled as a [^:]*: /s, '');
    throw refuse(message);
  }
  throw undeterminableName(endpoint.name);
}

/** A custom object stays of its kind and version. @throws StatusError 422 */
function refuseOtherCustomKind(name: string, stated: GroupVersionKind, expected: GroupVersionKind): void {
  const errors: FieldError[] = [];
  const check = (field: string, found: string, wanted: string): void => {
    if (found !== wanted) errors.push(invalid(new FieldPath(field), found, `must be ${wanted}`));
  };
  check('kind', stated.kind, expected.kind);
  check('apiVersion', formatGroupVersion(stated), formatGroupVersion(expected));
  if (errors.length > 0) throw invalidObject({ ...expected, kind: stated.kind }, name, errors);
}

/** The kind that a document says; parts it leaves out are the expected ones. @throws StatusError 422 */
function statedKind(
  value: JsonValue,
  expected: GroupVersionKind,
  refuse: (message: string) => StatusError,
): GroupVersionKind {
  if (!isJsonObject(value)) return expected;
  for (const [field, said] of Object.entries(value)) {
    if ((field !== 'apiVersion' && field !== 'kind') || typeof said === 'string' || said === null) continue;
    throw refuse(`couldn't get version/kind; json parse error: ${notTextOfKind(field, said)}`);
  }
  let stated: GroupVersionKind;
  try {
    stated = gvkOf(value);
  } catch (error) {
    throw refuse(messageOf(error));
  }
  const kind = stated.kind === '' ? expected.kind : stated.kind;
  return stated.version === '' ? { ...expected, kind } : { ...stated, kind };
}

/** 422 with the patched document and what is wrong with it; it names no kind. */
function refusedPatch(value: JsonValue, patch: ParsedPatch, text: string): StatusError {
  const { shown, message } = patch.refusal?.(text) ?? {
    shown: escapeHtmlInJson(stringifyWithLiterals(value, patch.numberLiterals ?? new Map())),
    message: text,
  };
  const error = invalid(new FieldPath('patch'), shown, message);
  return new StatusError({
    message: ` "" is invalid: ${formatFieldError(error)}`,
    reason: 'Invalid',
    details: { causes: [{ reason: error.type, message: error.body, field: error.field }] },
    code: 422,
  });
}

/** The object that a server-side apply makes of the stored one. */
async function appliedObject(
  endpoint: Endpoint,
  patch: ParsedPatch,
  old: Unstructured | undefined,
  options: PatchRequestOptions,
): Promise<MadeObject> {
  const { request, server, store, resource } = endpoint;
  const { value } = patch;
  if (!isJsonObject(value)) throw new Error('an apply that is no object was let through');
  const patchObject = value as unknown as Unstructured;
  value['metadata'] ??= {};
  const writer = {
    manager: options.fieldManager,
    subresource: endpoint.subresource?.name ?? '',
    now: server.clock.now(),
    force: options.force,
  };
  if (endpoint.view !== undefined && old !== undefined) {
    const made = await applyThroughView(server, endpoint.view, old, patchObject, writer);
    tellDuplicateKeys(request, patch, options);
    return made;
  }
  const applied = await server.fieldManagement.apply(store.resource, old, patchObject, writer);
  const expected = kindOf(resource);
  const object = typedApplied(applied, patchObject, resource, expected);
  tellDuplicateKeys(request, patch, options);
  applyDefaults(object, resource);
  return { object };
}

/** What an apply made, in its type. @throws StatusError 500 for values that fit the schema but not the type */
function typedApplied(
  applied: Unstructured,
  patch: Unstructured,
  resource: ApiResource,
  expected: ExpectedKind,
): Unstructured {
  const badTime = resource.custom ? undefined : badTimeOfManagers(patch);
  if (badTime !== undefined) throw notTyped(patch, expected, badTime);
  try {
    const value = applied as unknown as JsonValue;
    const options = { isConverted: true, keepsEmpty: true, keepsNulls: true };
    return typedObject(value, expected.gvk, resource, expected, () => undefined, options);
  } catch (error) {
    if (!(error instanceof StatusError) || resource.custom) throw error;
    const message = converterMessage(error.message.replace(/^.* cannot be handled as a [^:]*: /s, ''));
    throw notTyped(patch, expected, message);
  }
}

function notTyped({ metadata }: Unstructured, { gvk }: ExpectedKind, problem: string): StatusError {
  const reason = `unable to convert unstructured object to ${gvkText(gvk)}: ${problem}`;
  return notConvertible('failed to convert new object', metadata, gvk, reason);
}

/** Keys that stand twice in an applied document: an error or warnings, as field validation says. @throws StatusError 400 */
function tellDuplicateKeys(request: ApiRequest, patch: ParsedPatch, options: PatchRequestOptions): void {
  if (patch.strictErrors.length === 0 || options.fieldValidation === 'Ignore') return;
  if (options.fieldValidation === 'Strict') {
    const lines = patch.strictErrors.map((line) => `\n  ${line}`).join('');
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:${lines}`);
  }
  for (const line of patch.strictErrors) addWarning(request, line);
}

/** Who applies an object by its uid means one that is there. @throws StatusError 409 */
function refuseKnownUid({ resource, name }: Endpoint, { metadata }: Unstructured): void {
  const { uid = '' } = metadata;
  if (uid === '') return;
  const text = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(resource.groupResource, name, text);
}

/** An object is where its request is, and called so. @throws StatusError 400 */
function checkIdentity(endpoint: Endpoint, object: Unstructured): void {
  matchNamespace(endpoint, object);
  const own = object.metadata.name ?? '';
  if (own === '') throw undeterminableName(endpoint.name);
  if (own !== endpoint.name) {
    throw badRequest(`the name of the object (${own}) does not match the name on the URL (${endpoint.name})`);
  }
}

function undeterminableName(name: string): StatusError {
  return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}
