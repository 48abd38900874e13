import { FieldPath, type FieldError, invalid } from '../../apimachinery/field-error.ts';
import { isPathSegmentName } from '../../apimachinery/names.ts';
import type { KubeObject, Unstructured } from '../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../apimachinery/schema.ts';
import {
  allVerbs,
  type ResourceDefinition,
  type Strategy,
  type TypeDefinition,
} from '../../api/resource-definition.ts';
import type { TypeSource } from '../../api/type-language.ts';
import { extensionTypes } from '../extension-server/extension-types.ts';

const group = 'wardle.example.com';
const apiPackage = 'io.k8s.sample-apiserver.pkg.apis.wardle';
const storedVersion = `${group}/v1alpha1`;
const laterVersion = `${group}/v1beta1`;

/** wardle.example.com/v1alpha1 Fischer: the names that no flunder may have. */
export interface Fischer extends KubeObject {
  readonly disallowedFlunders?: readonly string[];
}

/** A flunder of v1alpha1, whose type says what its reference is. */
interface Flunder extends KubeObject {
  spec?: { reference?: string; referenceType?: string };
}

/** One of v1beta1, with a field for each type of reference. */
interface LaterFlunder extends KubeObject {
  spec?: { flunderReference?: string; fischerReference?: string; referenceType?: string };
}

const types: readonly TypeSource[] = [
  {
    package: `${apiPackage}.v1alpha1`,
    text: `
kind Fischer
  disallowedFlunders: [string] atomic
  metadata: meta.ObjectMeta=

kind Flunder
  metadata: meta.ObjectMeta=
  spec: FlunderSpec=
  status: FlunderStatus=

type FlunderSpec
  reference: string
  referenceType: string

type FlunderStatus
`,
  },
  {
    package: `${apiPackage}.v1beta1`,
    text: `
kind Flunder
  metadata: meta.ObjectMeta=
  spec: FlunderSpec=
  status: FlunderStatus=

type FlunderSpec
  fischerReference: string
  flunderReference: string
  referenceType: string

type FlunderStatus
`,
  },
];

const strategy: Strategy = { allowUnconditionalUpdate: false, validateName: isPathSegmentName };

const flunders = {
  group,
  kind: 'Flunder',
  resource: 'flunders',
  singular: 'flunder',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
} as const;

/** The resources of the sample API server. */
export const wardleResources: readonly ResourceDefinition[] = [
  {
    ...flunders,
    version: 'v1alpha1',
    kind: 'Fischer',
    resource: 'fischers',
    singular: 'fischer',
    namespaced: false,
    type: `${apiPackage}.v1alpha1.Fischer`,
    strategy,
  },
  {
    ...flunders,
    version: 'v1alpha1',
    type: `${apiPackage}.v1alpha1.Flunder`,
    otherForms: [
      { apiVersion: laterVersion, type: `${apiPackage}.v1beta1.Flunder`, convert: toLater, convertBack: toStored },
    ],
    setDefaults({ spec = {} }: Flunder) {
      if ((spec.referenceType ?? '') === '' && (spec.reference ?? '') !== '') spec.referenceType = 'Flunder';
    },
    strategy: { ...strategy, validateCreate: (object) => validateFlunder(toLater(object)) },
  },
  {
    ...flunders,
    version: 'v1beta1',
    type: `${apiPackage}.v1beta1.Flunder`,
    storage: { group, version: 'v1alpha1', toStorage: toStored, fromStorage: toLater },
    otherForms: [
      { apiVersion: storedVersion, type: `${apiPackage}.v1alpha1.Flunder`, convert: toStored, convertBack: toLater },
    ],
    strategy: { ...strategy, validateCreate: validateFlunder },
  },
];

let known: ReadonlyMap<string, TypeDefinition> | undefined;

/** Their types, and those that every API has. */
export function wardleTypes(): ReadonlyMap<string, TypeDefinition> {
  known ??= extensionTypes(types, wardleResources);
  return known;
}

/** The same as a source of schemas. */
export const wardleSchemas: SchemaSource = { lookup: (name) => wardleTypes().get(name)?.schema };

const texts: Readonly<Record<string, string>> = {
  [`${apiPackage}.v1alpha1.Fischer.disallowedFlunders`]: 'Names that flunders may not have.',
  [`${apiPackage}.v1alpha1.FlunderSpec.reference`]: 'Name of another flunder or of a fischer, as the type says.',
  [`${apiPackage}.v1alpha1.FlunderSpec.referenceType`]:
    'Flunder, as when a reference comes without a type, or Fischer.',
  [`${apiPackage}.v1beta1.FlunderSpec.fischerReference`]: 'Name of a fischer; there is no other reference beside it.',
  [`${apiPackage}.v1beta1.FlunderSpec.flunderReference`]: 'Name of a flunder; there is no other reference beside it.',
  [`${apiPackage}.v1beta1.FlunderSpec.referenceType`]: 'Flunder or Fischer.',
};

/** What is said of their types and fields. */
export function wardleDocumentation(name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}

function toLater(object: Unstructured): Unstructured {
  const { spec = {}, ...rest }: Flunder = object;
  const { reference, referenceType } = spec;
  const named = reference === undefined || reference === '' ? {} : { [fieldOf(referenceType)]: reference };
  const typed = referenceType === 'Flunder' || referenceType === 'Fischer' ? { ...named, referenceType } : {};
  return { ...rest, apiVersion: laterVersion, spec: typed };
}

function toStored(object: Unstructured): Unstructured {
  const { spec = {}, ...rest }: LaterFlunder = object;
  const { referenceType } = spec;
  const reference = spec[fieldOf(referenceType)];
  const named = reference === undefined || reference === '' ? {} : { reference };
  const typed = referenceType === 'Flunder' || referenceType === 'Fischer' ? { ...named, referenceType } : {};
  return { ...rest, apiVersion: storedVersion, spec: typed };
}

function fieldOf(referenceType: string | undefined): 'fischerReference' | 'flunderReference' {
  return referenceType === 'Fischer' ? 'fischerReference' : 'flunderReference';
}

function validateFlunder({ spec = {} }: LaterFlunder): FieldError[] {
  const path = new FieldPath('spec');
  const { flunderReference = '', fischerReference = '', referenceType = '' } = spec;
  const errors: FieldError[] = [];
  const refuse = (field: 'fischerReference' | 'flunderReference', why: string): void =>
    void errors.push(invalid(path.child(field), spec[field] ?? '', why));
  if (flunderReference !== '' && fischerReference !== '') {
    refuse('fischerReference', 'cannot be set with flunderReference at the same time');
  } else if (flunderReference !== '' && referenceType !== 'Flunder') {
    refuse('flunderReference', 'cannot be set if referenceType is not Flunder');
  } else if (fischerReference !== '' && referenceType !== 'Fischer') {
    refuse('fischerReference', 'cannot be set if referenceType is not Fischer');
  } else if (fischerReference === '' && referenceType === 'Fischer') {
    refuse('fischerReference', 'cannot be empty if referenceType is Fischer');
  } else if (flunderReference === '' && referenceType === 'Flunder') {
    refuse('flunderReference', 'cannot be empty if referenceType is Flunder');
  }
  if (referenceType !== '' && referenceType !== 'Fischer' && referenceType !== 'Flunder') {
    errors.push(invalid(path.child('referenceType'), referenceType, 'must be Flunder or Fischer'));
  }
  return errors;
}
