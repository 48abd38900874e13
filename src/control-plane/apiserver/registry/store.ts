import type { ListObserver } from '../metrics/storage-metrics.ts';
import { dropDisabledPodFields } from '../../../api/core/v1/disabled-pod-fields.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { RequestContext, Strategy } from '../../../api/resource-definition.ts';
import { FieldPath, goQuote, invalid, invalidObject, type FieldError } from '../../../apimachinery/field-error.ts';
import { forgetEmptyParts } from '../../../apimachinery/decoding/empty-parts.ts';
import { cloneJson, equalJson, equalTexts, type JsonObject } from '../../../apimachinery/json.ts';
import { formatTime, type ObjectMeta, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { isPathSegmentName, nameIsDnsSubdomain } from '../../../apimachinery/names.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  hasReason,
  notFound,
  StatusError,
} from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import { nameSuffix, type Random } from '../../../system/random.ts';
import type { Storage, StoredValue, WriteResult } from '../../storage/storage.ts';
import type { AuthorizationAttributes } from '../../authorization/authorizer.ts';
import { parseRevision, unsignedProblem } from '../endpoints/request-options.ts';
import { fromStorage, storageKey, toStorage, type ApiResource } from './api-resource.ts';
import { validateObjectMeta, validateObjectMetaUpdate, validateStandardFinalizers } from './object-meta-validation.ts';
import { defaultPrepareForCreate, defaultPrepareForUpdate } from './default-preparation.ts';
import { countsGenerations, metadataChecksOnUpdate, tellsEmptyFromNone } from './resource-facts.ts';
import { asReadBack, decodeStored, encodeStored, type ServableValue } from './stored-object.ts';
import { refuseTooLarge } from './request-size.ts';
import { Turns } from './turns.ts';
import { rehearsePut, versionedStorage } from './versioned-storage.ts';
import { isSameObject, keepTimesOfUnchanged } from './unchanged-object.ts';
import { uidMismatch } from './uid-precondition.ts';

/** What a write depends on besides the objects. */
export interface WriteContext extends RequestContext {
  readonly namespace: string;
  readonly dryRun: boolean;
  /** What the request asked of the authorizer, for those writes that need more. */
  readonly asked?: AuthorizationAttributes;
  warn(text: string): void;
}

/** What a hook took for a write (an address, a port) until it is known whether the write comes about. */
export interface Reservation {
  /** The write failed: gives it back. Never fails. */
  undo(): Promise<void>;
  /** The write is done: lets go of what it replaced. Never fails. */
  keep(): Promise<void>;
}

/** What a resource does around the generic writes that its strategy cannot: taking and giving back things. */
export interface StoreHooks {
  /** Right before validation of a create; what it returns runs when the create fails. */
  beginCreate?(object: Unstructured, context: WriteContext): Promise<Reservation | undefined>;
  /** Right before validation of an update; what it returns runs when the update fails. */
  beginUpdate?(object: Unstructured, old: Unstructured, context: WriteContext): Promise<Reservation | undefined>;
  /** What the kind's rules find wrong that takes more than the object to see; `old` is undefined for a create. */
  problems?(object: Unstructured, old: Unstructured | undefined, context: WriteContext): Promise<FieldError[]>;
  /** After the object is gone. */
  afterDelete?(object: Unstructured, context: WriteContext): Promise<void>;
  /** Changes an object that a delete has marked. */
  markDeleting?(object: Unstructured): void;
  /** Keeps an object that its metadata would let go (a namespace with spec.finalizers). */
  keepsOnDelete?(object: Unstructured): boolean;
  /** What becomes of an object's dependents is not looked at when it is deleted. */
  keepsFinalizers?(object: Unstructured): boolean;
  /** A delete that marks an object does not count as a change of it. */
  readonly keepsGeneration?: boolean;
}

/** How an update comes to its new object. */
export interface UpdateRequest {
  /** Makes the new object from the stored one (undefined: there is none, see allowCreate). May run several times. */
  transform(old: Unstructured | undefined): Promise<Unstructured>;
  /** Validating admission for an update. */
  validateUpdate(object: Unstructured, old: Unstructured): Promise<void>;
  /** Validating admission for the case that the update creates. */
  validateCreate(object: Unstructured): Promise<void>;
  /** Whether an absent object is created (server-side apply does). */
  readonly allowCreate: boolean;
  /** The uid that the object must have. */
  readonly uid?: string;
}

export interface UpdateResult {
  readonly object: Unstructured;
  readonly created: boolean;
  /** Whether the update let the object go. */
  readonly deleted: boolean;
}

const nameGenerationAttempts = 8;
const generatedNameBaseMaxLength = 58;
const modifiedText = 'the object has been modified; please apply your changes to the latest version and try again';

/** What a store works with. */
export interface StoreOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks: StoreHooks;
  /** Told of every list that is read. */
  readonly lists: ListObserver;
  /** Feature gates that are open though they are closed by default. */
  readonly openGates?: ReadonlySet<string> | undefined;
}

/** The generic create and update of one resource: the flow is here, the resource's strategy supplies the small parts. */
export class Store {
  readonly resource: ApiResource;
  readonly storage: Storage;
  readonly hooks: StoreHooks;
  readonly lists: ListObserver;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #random: Random;
  readonly #openGates: ReadonlySet<string>;
  readonly #written = new WeakMap<Unstructured, ServableValue>();

  constructor(resource: ApiResource, { storage, clock, random, hooks, lists, openGates }: StoreOptions) {
    this.resource = resource;
    this.storage = resource.versions === undefined ? storage : versionedStorage(storage, resource.versions);
    this.hooks = hooks;
    this.lists = lists;
    this.#clock = clock;
    this.#turns = new Turns(clock);
    this.#random = random;
    this.#openGates = openGates ?? new Set();
  }

  get strategy(): Strategy {
    return this.resource.definition.strategy ?? {};
  }

  now(): number {
    return this.#clock.now();
  }

  /** The stored value. @throws StatusError 404 */
  async getStored(namespace: string, name: string): Promise<StoredValue> {
    checkKey(this.resource, namespace, name);
    const value = await this.storage.get(storageKey(this.resource, namespace, name));
    if (value === undefined) throw notFound(this.resource.groupResource, name);
    return value;
  }

  /** The object in this resource's version. @throws StatusError 404 */
  async get(namespace: string, name: string): Promise<Unstructured> {
    return this.decode(await this.getStored(namespace, name));
  }

  decode(value: StoredValue, revision?: number): Unstructured {
    return fromStorage(this.resource, decodeStored(value, revision));
  }

  encode(object: Unstructured): Uint8Array {
    return encodeStored(toStorage(this.resource, object));
  }

  /**
   * Creates an object: system metadata, generated name, strategy, validation, admission, write. The object given is
   * used up.
   * @throws StatusError 409 when it exists, 422 when it is invalid.
   */
  async create(
    object: Unstructured,
    context: WriteContext,
    validate: (object: Unstructured) => Promise<void>,
  ): Promise<Unstructured> {
    const { refusesCreate } = this.resource;
    if (refusesCreate !== undefined) {
      throw forbidden(this.resource.groupResource, object.metadata.name ?? '', refusesCreate);
    }
    const generateName = object.metadata.generateName ?? '';
    const attempts = generateName !== '' && (object.metadata.name ?? '') === '' ? nameGenerationAttempts : 1;
    for (let attempt = 1; ; attempt++) {
      const candidate = attempt < attempts ? cloneJson(object) : object;
      try {
        return await this.#createOnce(candidate, context, validate);
      } catch (error) {
        const exists = error instanceof StatusError && error.reason === 'AlreadyExists';
        if (!exists || attempt >= attempts) throw error;
      }
    }
  }

  async #createOnce(
    object: Unstructured,
    context: WriteContext,
    validate: (object: Unstructured) => Promise<void>,
    key?: string,
  ): Promise<Unstructured> {
    const meta = object.metadata;
    meta.creationTimestamp = formatTime(this.#clock.now());
    meta.uid = this.#random.uuid();
    const generateName = meta.generateName ?? '';
    if (generateName !== '' && (meta.name ?? '') === '') {
      meta.name = generateName.slice(0, generatedNameBaseMaxLength) + nameSuffix(this.#random);
    }
    this.#matchNamespace(object, context.namespace);
    const { strategy } = this;
    if (strategy.prepareForCreate === undefined) defaultPrepareForCreate(this.resource, object);
    else strategy.prepareForCreate(object, context);
    if (strategy.isNamedByUid === true && (meta.name ?? '') === '') meta.name = this.#random.uuid();
    this.#dropDisabledFields(object, undefined);
    strategy.adjustForCreate?.(object);
    if (countsGenerations(this.resource) !== false) meta.generation = 1;
    // Whoever creates through a status takes nothing for the object.
    const reservation = context.subresource === '' ? await this.hooks.beginCreate?.(object, context) : undefined;
    try {
      const ofMetadata = strategy.checksMetadata === false ? [] : this.#validateMeta(object);
      this.#refuseInvalid(object, [
        ...((await this.hooks.problems?.(object, undefined, context)) ?? []),
        ...(strategy.validateFirst?.(object) ?? []),
        ...ofMetadata,
        ...(strategy.validateCreate?.(object, context, ofMetadata) ?? []),
      ]);
      const segment = validateObjectMeta(meta, this.resource.definition.namespaced, isPathSegmentName);
      this.#refuseInvalid(object, segment);
      for (const text of strategy.warningsOnCreate?.(object) ?? []) context.warn(text);
      await validate(object);
      const created = await this.#writeNew(object, context, key);
      await reservation?.keep();
      return created;
    } catch (error) {
      await reservation?.undo();
      throw error;
    }
  }

  async #writeNew(
    object: Unstructured,
    context: WriteContext,
    key = storageKey(this.resource, context.namespace, object.metadata.name ?? ''),
  ): Promise<Unstructured> {
    this.#makeStored(object);
    if (!context.dryRun) delete object.metadata.selfLink;
    const bytes = this.encode(object);
    if (context.dryRun) {
      const existing = await this.storage.get(key);
      if (existing !== undefined) throw this.#alreadyExists(object, existing);
      return this.#rehearsed(object, bytes);
    }
    // What is no number, or too large for one, counts as none.
    if ((parseRevision(object.metadata.resourceVersion ?? '') ?? 0) !== 0) {
      throw new StatusError({ message: 'resourceVersion should not be set on objects to be created', code: 500 });
    }
    delete object.metadata.resourceVersion;
    refuseTooLarge(bytes, key, object, this.resource);
    const result = await this.storage.put(key, bytes, 0);
    if (!result.ok) throw this.#alreadyExists(object, result.current);
    object.metadata.resourceVersion = String(result.revision);
    if (result.readBack !== undefined) return asReadBack(object, result.readBack);
    this.#written.set(object, { value: bytes, modRevision: result.revision });
    return object;
  }

  /** What is read from storage has the defaults of what was prepared, too (the labels of a job's own template). */
  #makeStored(object: Unstructured): void {
    const { definition } = this.resource;
    this.#forgetEmptyParts(object);
    definition.setDefaults?.(object);
    definition.settle?.(object);
  }

  #forgetEmptyParts(object: Unstructured): void {
    const { definition, types, custom } = this.resource;
    if (!custom) forgetEmptyParts(object as unknown as JsonObject, definition.type, types);
  }

  /** What was stored of an object that `create` has returned, where reading it gives the same. */
  writtenValue(object: Unstructured): ServableValue | undefined {
    return this.#written.get(object);
  }

  /**
   * Updates an object (or one of its subresources, see context.subresource): reads, transforms, validates and swaps,
   * again while somebody else was faster and the new object did not insist on a resourceVersion. Those who were not the
   * fastest try one after the other: a hundred that race would do the work of each a hundred times.
   */
  async update(name: string, context: WriteContext, request: UpdateRequest): Promise<UpdateResult> {
    checkKey(this.resource, context.namespace, name);
    const key = storageKey(this.resource, context.namespace, name);
    const attempt = async (): Promise<UpdateResult | undefined> => {
      const existing = await this.storage.get(key);
      return existing === undefined
        ? this.#createByUpdate(key, name, context, request)
        : this.#tryUpdate(key, name, existing, context, request);
    };
    let result = await attempt();
    if (result !== undefined) return result;
    const endTurn = await this.#turns.take(key);
    try {
      while (result === undefined) result = await attempt();
      return result;
    } finally {
      endTurn();
    }
  }

  /**
   * What admission renames on the way is kept, and found, by the name of the request, as in the real server.
   * @returns undefined when somebody else was faster
   */
  async #createByUpdate(
    key: string,
    name: string,
    context: WriteContext,
    request: UpdateRequest,
  ): Promise<UpdateResult | undefined> {
    const { groupResource } = this.resource;
    if (!request.allowCreate && this.strategy.allowCreateOnUpdate !== true) throw notFound(groupResource, name);
    if (request.uid !== undefined && request.uid !== '') {
      throw uidMismatch(this.resource, context.namespace, name, request.uid, '', context.dryRun);
    }
    const object = await request.transform(undefined);
    refuseNoRevision(object.metadata.resourceVersion ?? '');
    // Whatever version was meant, there is none; only a rehearsal shows it again.
    if (!context.dryRun || object.metadata.resourceVersion === '') delete object.metadata.resourceVersion;
    try {
      const created = await this.#createOnce(object, context, (candidate) => request.validateCreate(candidate), key);
      return { object: created, created: true, deleted: false };
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
      return undefined;
    }
  }

  /** @returns undefined when somebody else was faster */
  async #tryUpdate(
    key: string,
    name: string,
    existing: StoredValue,
    context: WriteContext,
    request: UpdateRequest,
  ): Promise<UpdateResult | undefined> {
    const old = this.decode(existing);
    if (request.uid !== undefined && request.uid !== '' && request.uid !== old.metadata.uid) {
      throw uidMismatch(this.resource, context.namespace, name, request.uid, old.metadata.uid ?? '', context.dryRun);
    }
    const object = await request.transform(cloneJson(old));
    this.#checkResourceVersion(object, old, name);
    const reservation = await this.#prepareUpdate(object, old, context, request);
    let written: Extract<WriteResult, { ok: true }>;
    try {
      if (this.#letsGo(object)) {
        this.#forgetEmptyParts(object);
        const result = await this.#deleteInUpdate(key, existing, object, context);
        await (result === undefined ? reservation?.undo() : reservation?.keep());
        return result;
      }
      this.#makeStored(object);
      if (!context.dryRun) delete object.metadata.selfLink;
      const bytes = this.encode(object);
      if (context.dryRun || isSameObject(this.resource, bytes, existing, object, old)) {
        await reservation?.keep();
        if (!context.dryRun) object.metadata.resourceVersion = String(existing.modRevision);
        return { object: await this.#rehearsed(object, bytes), created: false, deleted: false };
      }
      refuseTooLarge(bytes, key, object, this.resource);
      const result = await this.storage.put(key, bytes, existing.modRevision);
      if (!result.ok) {
        await reservation?.undo();
        return undefined;
      }
      written = result;
    } catch (error) {
      await reservation?.undo();
      throw error;
    }
    // What is written has what was reserved for it, whatever goes wrong from here on.
    await reservation?.keep();
    object.metadata.resourceVersion = String(written.revision);
    await this.#dropFailed(key, object, written.revision, context);
    return { object: asReadBack(object, written.readBack), created: false, deleted: false };
  }

  /** The object as it would be read if it were written. */
  async #rehearsed(object: Unstructured, bytes: Uint8Array): Promise<Unstructured> {
    const { versions } = this.resource;
    return versions === undefined ? object : asReadBack(object, await rehearsePut(versions, bytes));
  }

  /** An object whose initializer has failed goes as soon as its watchers could see why. */
  async #dropFailed(key: string, object: Unstructured, revision: number, context: WriteContext): Promise<void> {
    if (object.metadata.initializers?.result === undefined) return;
    const { ok } = await this.storage.delete(key, revision);
    if (ok) await this.hooks.afterDelete?.(object, context);
  }

  /** An update without a resourceVersion means the stored one, where the resource allows that. */
  #checkResourceVersion(object: Unstructured, old: Unstructured, name: string): void {
    const version = object.metadata.resourceVersion ?? '';
    refuseNoRevision(version);
    if (version === '' || version === '0') {
      if (this.strategy.allowUnconditionalUpdate === false) {
        const path = new FieldPath('metadata').child('resourceVersion');
        // The real one names the resource here, where all other errors name the kind.
        const named = { ...this.resource.gvk, kind: this.resource.definition.resource };
        throw invalidObject(named, name, [invalid(path, 0, 'must be specified for an update')]);
      }
      if (old.metadata.resourceVersion !== undefined) object.metadata.resourceVersion = old.metadata.resourceVersion;
      return;
    }
    if (version !== old.metadata.resourceVersion) throw conflict(this.resource.groupResource, name, modifiedText);
  }

  async #prepareUpdate(
    object: Unstructured,
    old: Unstructured,
    context: WriteContext,
    request: UpdateRequest,
  ): Promise<Reservation | undefined> {
    const { strategy } = this;
    this.#matchNamespace(object, context.namespace);
    copyMeta(object, old, 'generation');
    if (strategy.prepareForUpdate === undefined) {
      defaultPrepareForUpdate(this.resource, object, old, context.subresource);
    } else {
      strategy.prepareForUpdate(object, old, context);
    }
    this.#dropDisabledFields(object, old);
    if (context.subresource === '') strategy.adjustForUpdate?.(object, old);
    else if (context.subresource === 'status') {
      strategy.adjustForStatus?.(object, old);
      for (const field of strategy.keptOnStatus ?? []) copyMeta(object, old, field);
    }
    if (countsGenerations(this.resource) === true && specDiffers(this.resource, object, old))
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    if ((object.metadata.uid ?? '') === '') copyMeta(object, old, 'uid');
    copyMeta(object, old, 'creationTimestamp');
    if (old.metadata.deletionTimestamp !== undefined) copyMeta(object, old, 'deletionTimestamp');
    if (
      old.metadata.deletionGracePeriodSeconds !== undefined &&
      object.metadata.deletionGracePeriodSeconds === undefined
    ) {
      copyMeta(object, old, 'deletionGracePeriodSeconds');
    }
    const reservation = await this.hooks.beginUpdate?.(object, old, context);
    try {
      const { namespaced } = this.resource.definition;
      this.#refuseInvalid(object, [
        ...validateObjectMeta(object.metadata, namespaced, isPathSegmentName),
        ...validateObjectMetaUpdate(object.metadata, old.metadata),
        ...((await this.hooks.problems?.(object, old, context)) ?? []),
        ...(strategy.validateFirst?.(object) ?? []),
        ...this.#checkByOwnRules(object, old, context),
      ]);
      for (const text of strategy.warningsOnUpdate?.(object, old, context) ?? []) context.warn(text);
      keepTimesOfUnchanged(this.resource, object, old);
      await request.validateUpdate(object, old);
    } catch (error) {
      await reservation?.undo();
      throw error;
    }
    return reservation;
  }

  /** Whether this update takes away the last thing that kept a deleted object. */
  #letsGo(object: Unstructured): boolean {
    const meta = object.metadata;
    if (meta.deletionTimestamp === undefined || (meta.finalizers ?? []).length > 0) return false;
    if (this.hooks.keepsOnDelete?.(object) === true) return false;
    return (meta.deletionGracePeriodSeconds ?? 0) === 0;
  }

  async #deleteInUpdate(
    key: string,
    existing: StoredValue,
    object: Unstructured,
    context: WriteContext,
  ): Promise<UpdateResult | undefined> {
    if (!context.dryRun) {
      const result = await this.storage.delete(key, existing.modRevision);
      if (!result.ok) return undefined;
      await this.hooks.afterDelete?.(object, context);
    }
    return { object, created: false, deleted: true };
  }

  #dropDisabledFields(object: Unstructured, old: Unstructured | undefined): void {
    const { strategy } = this;
    const spec = strategy.podSpec?.(object);
    const before = old === undefined ? undefined : strategy.podSpec?.(old);
    if (spec !== undefined) dropDisabledPodFields(spec, before, this.#openGates);
  }

  /** What the kind's own rules find in an update; they look at the metadata again, so causes come twice. */
  #checkByOwnRules(object: Unstructured, old: Unstructured, context: WriteContext): FieldError[] {
    const { strategy } = this;
    const { checksMetadata } = strategy;
    const changed = [...validateObjectMetaUpdate(object.metadata, old.metadata), ...this.#validateFinalizers(object)];
    const rules = strategy.validateUpdate?.(object, old, context, changed) ?? [];
    if (checksMetadata === false || (checksMetadata === 'object' && context.subresource !== '')) return rules;
    const { asUpdate, asNew } = metadataChecksOnUpdate(this.resource);
    if (asNew === 'no' || context.subresource !== '') return [...changed, ...rules];
    const meta = this.#validateMeta(object);
    const fresh = [...meta, ...(strategy.validateAsNew?.(object, old) ?? [])];
    if (asNew === 'first') return [...fresh, ...(asUpdate ? changed : meta), ...rules];
    const before = asUpdate ? changed : [];
    return strategy.validateAsNew === undefined ? [...before, ...fresh, ...rules] : [...before, ...rules, ...fresh];
  }

  #validateMeta(object: Unstructured): FieldError[] {
    const { strategy } = this;
    const validateName = (name: string, prefix: boolean): string[] =>
      strategy.validateName?.(name, prefix, object) ?? nameIsDnsSubdomain(name, prefix);
    return [
      ...validateObjectMeta(object.metadata, this.resource.definition.namespaced, validateName),
      ...this.#validateFinalizers(object),
    ];
  }

  #validateFinalizers(object: Unstructured): FieldError[] {
    return this.resource.custom || bareFinalizerGroups.has(this.resource.gvk.group)
      ? []
      : validateStandardFinalizers(object.metadata.finalizers ?? []);
  }

  #refuseInvalid(object: Unstructured, errors: readonly FieldError[]): void {
    if (errors.length === 0) return;
    // Objects that are stored as another group's are named as that group's (events.k8s.io).
    const group = this.resource.definition.storage?.group ?? this.resource.gvk.group;
    // Custom objects are named by the kind that they say.
    const kind = this.resource.custom ? object.kind : this.resource.gvk.kind;
    throw invalidObject({ ...this.resource.gvk, group, kind }, object.metadata.name ?? '', errors);
  }

  /** The object's namespace is the request's; an object that says another is refused. */
  #matchNamespace(object: Unstructured, namespace: string): void {
    if (!this.resource.definition.namespaced) {
      delete object.metadata.namespace;
      return;
    }
    const own = object.metadata.namespace ?? '';
    if (own === '') object.metadata.namespace = namespace;
    else if (own !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  }

  #alreadyExists(object: Unstructured, existing: StoredValue | undefined): StatusError {
    const name = object.metadata.name ?? '';
    const { groupResource } = this.resource;
    if ((object.metadata.generateName ?? '') !== '') {
      const base = alreadyExists(groupResource, name).status;
      return new StatusError({
        message: `${base.message ?? ''}, the server was not able to generate a unique name for the object`,
        reason: 'AlreadyExists',
        details: { ...base.details, retryAfterSeconds: 1 },
        code: 409,
      });
    }
    const deleting = existing !== undefined && decodeStored(existing).metadata.deletionTimestamp !== undefined;
    if (!deleting) return alreadyExists(groupResource, name);
    const base = alreadyExists(groupResource, name).status;
    return new StatusError({
      message: `object is being deleted: ${base.message ?? ''}`,
      reason: 'AlreadyExists',
      ...(base.details === undefined ? {} : { details: base.details }),
      code: 409,
    });
  }
}

/** Groups whose kinds accept finalizers without a slash, since they only use the generic checks. */
const bareFinalizerGroups: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
]);

function copyMeta(object: Unstructured, old: Unstructured, field: keyof ObjectMeta): void {
  const value: unknown = old.metadata[field];
  if (value === undefined) Reflect.deleteProperty(object.metadata, field);
  else Reflect.set(object.metadata, field, value);
}

/** @throws StatusError 500 for a resourceVersion that is no number, or too large for one */
function refuseNoRevision(version: string): void {
  if (version === '' || parseRevision(version) !== undefined) return;
  throw new StatusError({ message: unsignedProblem(version), code: 500 });
}

/** Whether anything but metadata and status changed. */
function specDiffers(resource: ApiResource, object: Unstructured, old: Unstructured): boolean {
  const isEqual = tellsEmptyFromNone(resource) ? equalJson : equalSemantic;
  const keys = new Set([...Object.keys(object), ...Object.keys(old)]);
  // Of custom objects without the subresource the status is a field like any other.
  const hasStatus = !resource.custom || resource.definition.subresources.some(({ name }) => name === 'status');
  for (const key of keys) {
    if (key === 'metadata' || (key === 'status' && hasStatus) || key === 'kind' || key === 'apiVersion') continue;
    if (!isEqual(object[key] ?? null, old[key] ?? null) || !equalTexts(object[key], old[key])) return true;
  }
  return false;
}

/**
 * What no object can have for a namespace and a name, since they would lead elsewhere in the storage.
 * @throws StatusError 400, or 500 as the real storage's
 */
export function checkKey({ definition }: ApiResource, namespace: string, name: string): void {
  if (definition.namespaced && namespace === '') throw badRequest('Namespace parameter required.');
  const [wrong] = isPathSegmentName(name, false);
  if (wrong !== undefined) throw badRequest(`Name parameter invalid: ${goQuote(name)}: ${wrong}`);
  checkNamespaceKey(definition.resource, namespace, name);
}

/** A namespace that would lead elsewhere in the storage's keys. @throws StatusError 500, as the real storage's */
export function checkNamespaceKey(resource: string, namespace: string, ...name: readonly string[]): void {
  if (namespace !== '.' && namespace !== '..') return;
  const key = ['', resource, namespace, ...name].join('/');
  throw new StatusError({ message: `invalid key: ${goQuote(key)}`, code: 500 });
}
