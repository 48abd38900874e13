import { isJsonObject } from '../apimachinery/json.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import type { Schema } from '../apimachinery/schema.ts';

/** The part of JSON Schema that a type is told in, and the name of a type that is followed where a value stands. */
export interface ManifestSchema {
  /** Name of the type; null passes too. */
  readonly typeNamed?: string;
  /** What messages call it. */
  readonly $comment?: string;
  readonly nullable?: boolean;
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, ManifestSchema>>;
  readonly additionalProperties?: ManifestSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: ManifestSchema;
}

const schemas = new WeakMap<OpenApiTypes, Map<string, ManifestSchema>>();

/**
 * The JSON schema of a type that a server publishes. What a server accepts always passes: null is as good as absent,
 * fields that may be left out in spite of `required` are known, and what a schema does not tell passes.
 * @param name `io.k8s.api.apps.v1.Deployment`; a name that is not published allows everything.
 */
export function manifestSchemaOf(types: OpenApiTypes, name: string): ManifestSchema {
  let known = schemas.get(types);
  if (known === undefined) schemas.set(types, (known = new Map()));
  let found = known.get(name);
  if (found === undefined) {
    const schema = types.lookup(name);
    found = schema === undefined ? {} : schemaOf(schema, name);
    known.set(name, found);
  }
  return found;
}

const int32Limit = 2 ** 31;

/** @param typeName what messages call it: a type's full name, with fields behind it */
function schemaOf(schema: Schema, typeName: string): ManifestSchema {
  if (schema.ref !== undefined) return { typeNamed: schema.ref };
  const about = { $comment: typeName, nullable: true };
  if (schema.intOrString === true || schema.format === 'int-or-string' || typeName.endsWith('.intstr.IntOrString')) {
    return { ...about, type: ['string', 'integer', 'null'] };
  }
  if (typeName.endsWith('.api.resource.Quantity')) return { ...about, type: ['string', 'number', 'null'] };
  switch (schema.type) {
    case undefined:
      return {};
    case 'object':
      return { ...about, type: 'object', ...membersOf(schema, typeName) };
    case 'array':
      return {
        ...about,
        type: 'array',
        ...(schema.items === undefined ? {} : { items: schemaOf(schema.items, typeName) }),
      };
    case 'integer':
      return {
        ...about,
        type: 'integer',
        ...(schema.format === 'int32' ? { minimum: -int32Limit, maximum: int32Limit - 1 } : {}),
      };
    default:
      return { ...about, type: schema.type };
  }
}

function membersOf(schema: Schema, typeName: string): ManifestSchema {
  const { properties, additionalProperties } = schema;
  if (properties === undefined) {
    return additionalProperties === undefined ? {} : { additionalProperties: schemaOf(additionalProperties, typeName) };
  }
  const isOpen = schema.preserveUnknownFields === true || schema.embeddedResource === true;
  const members: ManifestSchema = {
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, schemaOf(member, `${typeName}.${name}`)]),
    ),
    additionalProperties: additionalProperties === undefined ? isOpen : schemaOf(additionalProperties, typeName),
  };
  const mayMiss = fieldsThatMayMiss[typeName.replace(/^io\.k8s\./, '')];
  const required = (schema.required ?? []).filter(
    (field) => mayMiss !== 'all' && mayMiss?.includes(field) !== true && hasNoOwnDefault(properties[field]),
  );
  return required.length === 0 ? members : { ...members, required };
}

/** Of built-in types the published default is only Go's zero value; one that says something fills the gap. */
function hasNoOwnDefault(member: Schema | undefined): boolean {
  const value = member?.default;
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/** Required by the schema, but a server takes an object without them: the empty value is a good one. */
const fieldsThatMayMiss: Readonly<Record<string, readonly string[] | 'all'>> = {
  'api.apps.v1.ControllerRevision': ['revision'],
  'api.authentication.v1.TokenReview': 'all',
  'api.authentication.v1.TokenReviewSpec': 'all',
  'api.batch.v1.PodFailurePolicy': ['rules'],
  'api.core.v1.Event': 'all',
  'api.core.v1.HTTPHeader': ['value'],
  'api.core.v1.ISCSIPersistentVolumeSource': ['lun'],
  'api.core.v1.ISCSIVolumeSource': ['lun'],
  'api.core.v1.LimitRangeSpec': ['limits'],
  'api.core.v1.PreferredSchedulingTerm': ['preference'],
  'api.core.v1.SleepAction': ['seconds'],
  'api.core.v1.Sysctl': ['value'],
  'api.resource.v1.DeviceClass': ['spec'],
  'api.resource.v1.ResourceClaim': ['spec'],
  'api.resource.v1.ResourceClaimTemplate': ['spec'],
  'api.resource.v1.ResourceClaimTemplateSpec': ['spec'],
  'api.resource.v1.ResourcePool': ['generation'],
  'api.storage.v1.CSIDriver': ['spec'],
  'api.storage.v1.CSINode': ['spec'],
  'api.storage.v1.CSINodeSpec': ['drivers'],
  'api.storage.v1.TokenRequest': ['audience'],
  'apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion': ['served', 'storage'],
};
