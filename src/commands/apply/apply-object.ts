import { messageOf } from '../../apimachinery/error-message.ts';
import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { CheckedManifest } from '../../cli/checked-input.ts';
import { type CommandContext, CommandError } from '../../cli/command.ts';
import { PrefixedError } from '../../cli/exit.ts';
import type { Client, DeleteOptions, PatchType, ResourceClient, WriteOptions } from '../../client/client.ts';
import { TransportError } from '../../client/transport-error.ts';
import { createThreeWayJsonMergePatch } from '../../patch/json-merge-patch.ts';
import { lastAppliedAnnotation, lastAppliedOf, withLastApplied } from '../../patch/last-applied.ts';
import { identityUnchanged, PatchConflictError, PatchPreconditionError } from '../../patch/patch-precondition.ts';
import { stringifyGoJson } from '../../apimachinery/go-json.ts';
import type { DryRun, FieldValidation } from '../../resource/dry-run.ts';
import { asNew, findMapping, resourceOf } from '../../resource/resource-access.ts';
import { waitUntilGone } from '../../resource/wait-until-gone.ts';
import type { OpenApi } from '../../schema-cache/openapi.ts';
import { sleep } from '../../system/clock.ts';
import type { CurrentObjects } from './current-objects.ts';

/** How objects are applied. */
export interface ApplyPolicy {
  readonly serverSide: boolean;
  readonly forceConflicts: boolean;
  readonly dryRun: DryRun;
  /** Undefined for what the server does by itself. */
  readonly validation: FieldValidation | undefined;
  readonly fieldManager: string;
  /** The manifest is kept in the annotation that the next apply reads. */
  readonly keepsManifest: boolean;
  /** Values that others changed are set back. */
  readonly overwrite: boolean;
  /** --openapi-patch: what the server publishes is asked for the rules of merging first. */
  readonly openApiPatch: boolean;
  readonly subresource: string;
  /** The caller only compares: patches are for the version they are made from, conflicts are the server's words. */
  readonly compares?: boolean;
  /** How an object that cannot be changed is deleted and made anew; undefined where that is not wanted. */
  readonly force: (DeleteOptions & { readonly timeoutMillis: number }) | undefined;
}

/** What became of one object. */
export interface Applied {
  readonly object: Unstructured;
  readonly mapping: RestMapping;
  readonly operation: 'created' | 'configured' | 'unchanged' | 'serverside-applied';
  readonly warnings: readonly string[];
}

/** An object that could not be applied, and what was to be told before that. */
export class FailedApply extends Error {
  readonly warnings: readonly string[];

  constructor(cause: unknown, warnings: readonly string[]) {
    super('an object could not be applied', { cause });
    this.warnings = warnings;
  }
}

/** What every object is applied with. */
export interface ApplyWork {
  readonly policy: ApplyPolicy;
  readonly client: Client;
  readonly current: CurrentObjects;
  readonly context: CommandContext;
}

/** How long kinds that the same input defines may take to be served. */
const definitionWaitMillis = 10_000;

/** Makes one object as its manifest says. @throws StatusError, CommandError, PrefixedError with the source */
export async function applyObject(entry: CheckedManifest, work: ApplyWork): Promise<Applied> {
  const mapping = entry.mapping ?? (await mappingBeingDefined(entry, work));
  const object = cloneJson(entry.object);
  if (mapping.namespaced) object.metadata.namespace = entry.namespace;
  if ((object.metadata.name ?? '') === '') {
    const { generateName = '' } = object.metadata;
    if (generateName === '' && work.policy.serverSide) throw new CommandError('resource name may not be empty');
    throw new CommandError(
      generateName === ''
        ? `error when retrieving current configuration of:\n${describeTarget(mapping, entry.namespace, '')}\nfrom server for: ${JSON.stringify(entry.source)}: resource name may not be empty`
        : `from ${generateName}: cannot use generate name with apply`,
    );
  }
  const target = { ...entry, object, mapping, resource: resourceOf(work.client, mapping, entry.namespace) };
  const warnings: string[] = [];
  try {
    const applied = work.policy.serverSide ? applyOnServer(target, work) : applyOnClient(target, work, warnings);
    return withDeletionWarning({ ...(await applied), mapping });
  } catch (error) {
    throw warnings.length === 0 ? error : new FailedApply(error, warnings);
  }
}

interface ApplyTarget extends CheckedManifest {
  readonly mapping: RestMapping;
  readonly resource: ResourceClient;
}

type Outcome = Omit<Applied, 'mapping'>;

async function mappingBeingDefined(entry: CheckedManifest, { context, policy }: ApplyWork): Promise<RestMapping> {
  // A dry run defines nothing that could be waited for.
  const patience = policy.dryRun === 'none' ? { clock: context.clock, millis: definitionWaitMillis } : undefined;
  return findMapping(await context.cluster.discovery(), entry, patience);
}

function withDeletionWarning(applied: Applied): Applied {
  const { object, operation, mapping } = applied;
  if (operation === 'created' || object.metadata.deletionTimestamp === undefined) return applied;
  const warning = `Warning: Detected changes to resource ${object.metadata.name ?? ''} which is currently being deleted.\n`;
  return { object, operation, mapping, warnings: [...applied.warnings, warning] };
}

function writeOptions({ fieldManager, validation, dryRun }: ApplyPolicy): WriteOptions {
  const checks = validation === undefined ? {} : { fieldValidation: validation };
  return { fieldManager, ...checks, ...(dryRun === 'server' ? { dryRun: 'All' as const } : {}) };
}

async function applyOnServer(target: ApplyTarget, work: ApplyWork): Promise<Outcome> {
  const { object, resource } = target;
  const { policy } = work;
  const name = object.metadata.name ?? '';
  const send = (): Promise<Unstructured> =>
    resource.patch(name, 'application/apply-patch+yaml', object, {
      ...writeOptions(policy),
      ...(policy.forceConflicts ? { force: true } : {}),
      ...(policy.subresource === '' ? {} : { subresource: policy.subresource }),
    });
  let result: Unstructured;
  try {
    result = await send();
  } catch (error) {
    if (!hasReason(error, 'Conflict') || policy.compares === true) throw error;
    throw new CommandError(`${error.message}\n${conflictAdvice}`);
  }
  const warnings: string[] = [];
  if (lastAppliedOf(result) !== undefined && policy.dryRun === 'none') {
    const { moveToServerSide } = await import('./move-to-server-side.ts');
    const moved = await moveToServerSide(result, target, policy.fieldManager, send);
    warnings.push(...moved.warnings);
    result = moved.object;
  }
  return { object: result, operation: 'serverside-applied', warnings };
}

const conflictAdvice = `Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

/** As often is a patch made again when the object changed meanwhile; after the first ones with a pause. */
const maxTries = 5;
const pauseMillis = 1000;

/** @param warnings takes what is to be told, whatever comes of it */
async function applyOnClient(target: ApplyTarget, work: ApplyWork, warnings: string[]): Promise<Outcome> {
  const { object, mapping, namespace, source, resource } = target;
  const { policy, context } = work;
  const name = object.metadata.name ?? '';
  // What was applied last has annotations, if only none; an object without would take them all away.
  object.metadata.annotations ??= {};
  const wanted = policy.keepsManifest ? withLastApplied(object) : object;
  let current = await currentObject(target, work);
  if (current === undefined) {
    const created = withoutNulls(wanted);
    if (policy.dryRun === 'client') return { object: created, operation: 'created', warnings: [] };
    try {
      return {
        object: await resource.create(asNew(created), writeOptions(policy)),
        operation: 'created',
        warnings: [],
      };
    } catch (failure) {
      throw new PrefixedError(`error when creating ${JSON.stringify(source)}`, failure);
    }
  }
  if (policy.keepsManifest && current.metadata.annotations?.[lastAppliedAnnotation] === undefined) {
    warnings.push(
      `Warning: resource ${mapping.gvr.resource}/${name} is missing the ${lastAppliedAnnotation} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  for (let attempt = 0; ; attempt++) {
    const live = current;
    const { type, patch } = await threeWayPatch(live, wanted, target, work, warnings).catch((error: unknown) =>
      refusePatch(error, live, wanted, target),
    );
    if (Object.keys(patch).length === 0) return { object: current, operation: 'unchanged', warnings };
    if (policy.dryRun === 'client') {
      return { object: await patchedLocally(current, type, patch, target, context), operation: 'configured', warnings };
    }
    if (policy.compares === true) lockToVersion(patch, current);
    try {
      return {
        object: await resource.patch(name, type, patch, writeOptions(policy)),
        operation: 'configured',
        warnings,
      };
    } catch (error) {
      if (hasReason(error, 'Conflict') && attempt < maxTries) {
        if (attempt > 0) await sleep(context.clock, pauseMillis, context.signal);
        current = await resource.get(name);
        continue;
      }
      if (policy.force !== undefined && (hasReason(error, 'Conflict') || hasReason(error, 'Invalid'))) {
        return { object: await makeAnew(current, wanted, target, work), operation: 'configured', warnings };
      }
      throw new PrefixedError(
        `error when applying patch:\n${stringifyGoJson(patch)}\nto:\n${describeTarget(mapping, namespace, name)}\nfor: ${JSON.stringify(source)}: error when patching ${JSON.stringify(source)}`,
        error,
      );
    }
  }
}

/** Lets a patch succeed only while the object is as it was when the patch was made. */
function lockToVersion(patch: JsonObject, { metadata }: Unstructured): void {
  const changed = patch['metadata'];
  const { resourceVersion = '' } = metadata;
  patch['metadata'] = { ...(isJsonObject(changed) ? changed : {}), resourceVersion };
}

async function currentObject(target: ApplyTarget, work: ApplyWork): Promise<Unstructured | undefined> {
  const { object, mapping, namespace, source } = target;
  const name = object.metadata.name ?? '';
  try {
    return await work.current.get(mapping, namespace, name);
  } catch (error) {
    // A dry run on the client does without a server that does not answer.
    if (work.policy.dryRun === 'client' && error instanceof TransportError) return undefined;
    throw new PrefixedError(
      `error when retrieving current configuration of:\n${describeTarget(mapping, namespace, name)}\nfrom server for: ${JSON.stringify(source)}`,
      error,
    );
  }
}

/** What the patch makes of the object, for a dry run that does not ask the server. */
async function patchedLocally(
  current: Unstructured,
  type: PatchType,
  patch: JsonObject,
  { mapping }: ApplyTarget,
  context: CommandContext,
): Promise<Unstructured> {
  const live = current as unknown as JsonObject;
  if (type === 'application/merge-patch+json') {
    const { applyJsonMergePatch } = await import('../../patch/json-merge-patch.ts');
    return applyJsonMergePatch(live, patch) as unknown as Unstructured;
  }
  const { applyStrategicMergePatch } = await import('../../patch/strategic-merge-patch.ts');
  const types = await (await context.cluster.openApi()).typesOf(mapping.gvr.group, mapping.gvr.version);
  const name = types?.nameOf(mapping.gvk.group, mapping.gvk.version, mapping.gvk.kind);
  if (types === undefined || name === undefined) return current;
  return applyStrategicMergePatch(live, patch, types.lookup(name), types) as unknown as Unstructured;
}

/** Deletes the object and makes it anew; the old one comes back where that fails. */
async function makeAnew(
  current: Unstructured,
  wanted: Unstructured,
  { mapping, namespace, resource, source }: ApplyTarget,
  { policy, client, context }: ApplyWork,
): Promise<Unstructured> {
  const { timeoutMillis = 0, ...deletion } = policy.force ?? {};
  const name = wanted.metadata.name ?? '';
  await resource.delete(name, deletion);
  const { clock, signal } = context;
  const wait = { clock, signal, timeoutMillis };
  await waitUntilGone(client, mapping, { namespace, name }, current.metadata.uid ?? '', wait);
  try {
    return await resource.create(withoutNulls(asNew(wanted)), writeOptions(policy));
  } catch (error) {
    const { resourceVersion: _version, uid: _uid, ...metadata } = current.metadata;
    try {
      await resource.create({ ...current, metadata }, writeOptions(policy));
    } catch (again) {
      throw new CommandError(
        `An error occurred force-replacing the existing object with the newly provided one:\n\n${messageOf(error)}.\n\nAdditionally, an error occurred attempting to restore the original object:\n\n${messageOf(again)}`,
      );
    }
    throw new PrefixedError(`error when creating ${JSON.stringify(source)}`, error);
  }
}

/** Fields that are null are left out of what is created, as the real program does. */
function withoutNulls(object: Unstructured): Unstructured {
  const prune = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(prune);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, member]): [string, JsonValue][] =>
        member === null ? [] : [[name, prune(member)]],
      ),
    );
  };
  const fields = object as unknown as JsonObject;
  return hasNull(fields) ? (prune(fields) as unknown as Unstructured) : object;
}

function originalOf(current: Unstructured): JsonObject {
  const annotation = current.metadata.annotations?.[lastAppliedAnnotation];
  try {
    const original = annotation === undefined ? {} : (JSON.parse(annotation) as JsonValue);
    return isJsonObject(original) ? original : {};
  } catch {
    // An annotation that somebody damaged says nothing.
    return {};
  }
}

/**
 * What brings the stored object to the manifest. Built-in kinds get a strategic merge patch, which merges lists by the
 * keys that the server publishes; custom ones a JSON merge patch.
 */
async function threeWayPatch(
  current: Unstructured,
  wanted: Unstructured,
  { mapping }: ApplyTarget,
  { policy, context }: ApplyWork,
  warnings: string[],
): Promise<{ readonly type: PatchType; readonly patch: JsonObject }> {
  const original = originalOf(current);
  const modified = cloneJson(wanted) as unknown as JsonObject;
  const live = current as unknown as JsonObject;
  const patch = createThreeWayJsonMergePatch(original, modified, live, identityUnchanged);
  // Where even whole lists are the same, no rules are needed to tell so. A null is sent every time.
  if (Object.keys(patch).length === 0 && !hasNull(modified)) return { type: 'application/merge-patch+json', patch };
  const { group, version } = mapping.gvr;
  const openApi: OpenApi = await context.cluster.openApi();
  const types = await openApi.typesOf(group, version);
  const name = types?.nameOf(mapping.gvk.group, mapping.gvk.version, mapping.gvk.kind);
  if (types === undefined || name === undefined || !builtInType.test(name)) {
    return { type: 'application/merge-patch+json', patch };
  }
  const { createThreeWayStrategicMergePatch } = await import('../../patch/strategic-merge-patch.ts');
  const checks = { overwrite: policy.overwrite, preconditions: identityUnchanged };
  try {
    const strategic = createThreeWayStrategicMergePatch(original, modified, live, types.lookup(name), types, checks);
    return { type: 'application/strategic-merge-patch+json', patch: strategic };
  } catch (error) {
    const reason = patchProblem(error);
    // The real program tries three ways to the same rules, and tells of each.
    for (const way of policy.openApiPatch && reason !== undefined ? ['openapi v3', 'openapi'] : []) {
      warnings.push(`warning: error calculating patch from ${way} spec: ${reason ?? ''}\n`);
    }
    throw error;
  }
}

/** Why there can be no patch; undefined for errors of another kind. */
function patchProblem(error: unknown): string | undefined {
  if (error instanceof PatchPreconditionError) return 'At least one of apiVersion, kind and name was changed';
  return error instanceof PatchConflictError ? error.message : undefined;
}

/** Tells of a patch that there cannot be, with what it was to be made of. @throws CommandError */
function refusePatch(error: unknown, current: Unstructured, wanted: Unstructured, target: ApplyTarget): never {
  const reason = patchProblem(error);
  if (reason === undefined) throw error;
  const { mapping, namespace, source, object } = target;
  const original = current.metadata.annotations?.[lastAppliedAnnotation] ?? '';
  const made = `creating patch with:\noriginal:\n${original}\nmodified:\n${stringifyGoJson(wanted)}\n\ncurrent:\n${stringifyGoJson(current)}\n\nfor: ${reason}`;
  const about = describeTarget(mapping, namespace, object.metadata.name ?? '');
  throw new CommandError(
    `error when applying patch:\n\nto:\n${about}\nfor: ${JSON.stringify(source)}: error when patching ${JSON.stringify(source)}: ${made}`,
  );
}

function hasNull(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasNull);
  return value === null || (isJsonObject(value) && Object.values(value).some(hasNull));
}

/** Types that come with Kubernetes itself; custom ones are named by their groups. */
const builtInType = /^io\.k8s\.(api|(kube-aggregator|apiextensions-apiserver)\.pkg)\./;

/** An object as messages of the real program name it. */
export function describeTarget(mapping: RestMapping, namespace: string, name: string): string {
  const { group, version, resource } = mapping.gvr;
  const gvk = `${group}/${version}`;
  return `Resource: "${gvk}, Resource=${resource}", GroupVersionKind: "${gvk}, Kind=${mapping.gvk.kind}"\nName: "${name}", Namespace: "${mapping.namespaced ? namespace : ''}"`;
}
