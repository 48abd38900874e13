import type { FieldError } from '../apimachinery/field-error.ts';
import type { JsonObject } from '../apimachinery/json.ts';
import type { KubeObject, Unstructured } from '../apimachinery/object-meta.ts';
import type { Schema } from '../apimachinery/schema.ts';
import type { PodSpec } from './types/core-v1.ts';
import type { wholeMetadata } from './status-metadata.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A column of a Table answer (metav1.TableColumnDefinition) with the function that fills its cells. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 with -o wide. */
  readonly priority: number;
  /** The cell; ages come already formatted as the real server sends them. */
  cell(object: Unstructured, now: number): string | number | boolean | null;
}

/** metav1.TableRowCondition. */
export interface TableRowCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** Who asks and when: what defaulting, preparing and validating may depend on besides the objects. */
export interface RequestContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The subresource written to, or the empty string. */
  readonly subresource: string;
  readonly user: {
    readonly username: string;
    readonly uid: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  /** Sends the text to whoever asks, as a Warning header. */
  warn?(text: string): void;
}

/** A subresource that exists beside an object. */
export interface SubresourceDefinition {
  /** `status`, `scale`, `binding`, `eviction`, … */
  readonly name: string;
  /** Kind it speaks, when it is not the resource's own. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  /** Verbs, in the order of discovery. */
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update' | 'delete')[];
  /** Whether it is shown as a Table to whoever asks for one first. Default true. */
  readonly hasTable?: boolean;
}

/**
 * Everything that is known of one resource in one version. Objects are plain JSON. `setDefaults`, `prepareForCreate`
 * and `prepareForUpdate` change the object they are handed; `validate…` only report.
 */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural resource name, as in URLs. */
  readonly resource: string;
  readonly singular: string;
  /** What errors call the resource, where that is not its plural. */
  readonly calledInErrors?: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly SubresourceDefinition[];
  /** Full name of the object's type in the schema registry. */
  readonly type: string;
  /**
   * The version that is stored, when it is another one of this group (or another group, for events). Objects of this
   * version are converted with `toStorage` and `fromStorage`.
   */
  readonly storage?: {
    readonly group: string;
    readonly version: string;
    toStorage(object: Unstructured): Unstructured;
    fromStorage(object: Unstructured): Unstructured;
  };
  /**
   * Makes an object that has been checked what reading it gives: as the stored version has it, without what is not kept.
   */
  settle?(object: Unstructured): void;
  /** The version that counts as the stored one in discovery, when `storage` does not say. */
  readonly storageVersion?: { readonly group: string; readonly version: string };
  /** Warning that every request to this version gets. */
  readonly deprecationWarning?: string;
  /** Versions of another form that entries of managedFields may be of; entries of all others are forgotten. */
  readonly otherForms?: readonly OtherForm[];
  /** Annotations that are made for this version alone, so that tables and bare metadata do not have them. */
  readonly versionAnnotations?: readonly string[];
  /** Columns of Table answers; the generic name and age when absent. */
  readonly columns?: readonly Column[];
  /** Cells that the real server sends after those of the columns, without defining a column for them. */
  unlistedCells?(object: Unstructured, now: number): readonly (string | number | boolean | null)[];
  /** Conditions of a Table row; a row without any has no such field. */
  rowConditions?(object: Unstructured): readonly TableRowCondition[];
  /** Order of the rows of a listed Table, when it is not that of the list. */
  compareRows?(left: Unstructured, right: Unstructured): number;
  /** Whether a field selector may use metadata.namespace; by default with all kinds that have namespaces. */
  readonly selectsNamespace?: boolean;
  /** Fields beyond metadata.name and metadata.namespace that a field selector may use, with how to read them. */
  readonly selectableFields?: Readonly<Record<string, (object: Unstructured) => string>>;
  /** Fills in what the version's defaulting functions fill in (schema defaults are applied before, by the server). */
  setDefaults?(object: Unstructured): void;
  readonly strategy?: Strategy;
}

/** The same kind in another version, with how to get there and back. */
export interface OtherForm {
  readonly apiVersion: string;
  /** Full name of the type. */
  readonly type: string;
  convert(object: Unstructured): Unstructured;
  convertBack(object: Unstructured): Unstructured;
}

/** What a resource adds to the generic create, update and delete (as the strategies of the real registry do). */
export interface Strategy {
  /**
   * Default: true only for kinds whose status is its own subresource; then spec changes raise metadata.generation.
   * With `first`, creation sets it and nothing raises it.
   */
  readonly hasGeneration?: boolean | 'first';
  /** Checks metadata.name beyond being there; returns messages. Default: DNS subdomain. */
  validateName?(name: string, prefix: boolean, object: Unstructured): string[];
  /** Whether an object that comes without a name gets a UUID for one. */
  readonly isNamedByUid?: boolean;
  /** Whether the kind's own rules look at the metadata, besides what holds for all; `object`: not with its status. */
  readonly checksMetadata?: boolean | 'object';
  /** What is checked before the metadata, on create and on update. */
  validateFirst?(object: Unstructured): FieldError[];
  /** Whether PUT of an absent object creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /** Whether an update may come without resourceVersion. Default true, as for most kinds. */
  readonly allowUnconditionalUpdate?: boolean;
  /** Drops what a creator may not set (status, generation …). */
  prepareForCreate?(object: Unstructured, context: RequestContext): void;
  /**
   * Whether creation stored an object, as it is read, without a default that reading fills in, so that the first update
   * is a write whatever it changes.
   */
  isStoredWithoutDefaults?(created: Unstructured): boolean;
  /** Restores what this update (of the object or of `context.subresource`) may not change. */
  prepareForUpdate?(object: Unstructured, old: Unstructured, context: RequestContext): void;
  /** Parts of the metadata that an update of the status may not change. */
  readonly keptOnStatus?: readonly (typeof wholeMetadata)[number][];
  /** The pod in it or in its template: fields behind gates that are off are dropped from it. */
  podSpec?(object: Unstructured): PodSpec | undefined;
  /** What is changed besides, after the preparation that kinds have in common: where `prepareForCreate` replaces it. */
  adjustForCreate?(object: Unstructured): void;
  /** The same for updates of the object itself. */
  adjustForUpdate?(object: Unstructured, old: Unstructured): void;
  /** The same for updates of the status. */
  adjustForStatus?(object: Unstructured, old: Unstructured): void;
  /** @param ofMetadata what is wrong with the metadata, for rules that are not asked about objects that are not whole */
  validateCreate?(object: Unstructured, context: RequestContext, ofMetadata?: readonly FieldError[]): FieldError[];
  validateUpdate?(
    object: Unstructured,
    old: Unstructured,
    context: RequestContext,
    ofMetadata?: readonly FieldError[],
  ): FieldError[];
  /**
   * What an update of the object is checked by as a new one is, when the metadata is looked at between that and the
   * rules that are those of updates.
   */
  validateAsNew?(object: Unstructured, old: Unstructured): FieldError[];
  /** Texts of Warning headers. */
  warningsOnCreate?(object: Unstructured): string[];
  warningsOnUpdate?(object: Unstructured, old: Unstructured, context: RequestContext): string[];
  /** Seconds that a delete leaves the object time to end; undefined when it goes at once. */
  gracePeriodSeconds?(object: Unstructured, requestedSeconds: number | undefined): number | undefined;
  /** Why an object of that name is never deleted; undefined where it may be. */
  reasonToKeep?(name: string): string | undefined;
  /** Whether a delete answers with the object instead of a Status. */
  readonly returnDeletedObject?: boolean;
  /** What becomes of dependents when a delete does not say. Default background. */
  readonly defaultPropagation?: 'Orphan' | 'Background';
  /** Text of a Warning header for deletes that do not say what becomes of dependents. */
  readonly warningOnOrphaningDelete?: string;
  /** Fields that server-side apply never owns, by subresource ('' is the object itself): `status`, `spec.x`. */
  readonly resetFields?: Readonly<Record<string, readonly string[]>>;
}

/** A named type: its fields and how it is published. */
export interface TypeDefinition {
  /** Full name, such as `io.k8s.api.core.v1.PodSpec`. */
  readonly name: string;
  readonly schema: Schema;
  /** x-kubernetes-group-version-kind. */
  readonly gvks: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

/** Narrow view of an object whose shape a resource file knows. */
export function fieldsOf(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}
