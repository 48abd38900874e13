/** What kind of thing a CEL type is. */
export type CelKind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'typeParam'
  | 'uint';

/** A type of the expression language. */
export interface CelType {
  readonly kind: CelKind;
  /** The name at run time: `int`, `google.protobuf.Timestamp`, `net.IP`. */
  readonly name: string;
  readonly parameters: readonly CelType[];
}

function simple(kind: CelKind, name: string): CelType {
  return { kind, name, parameters: [] };
}

/** The types without parameters. */
export const types = {
  any: simple('any', 'google.protobuf.Any'),
  bool: simple('bool', 'bool'),
  bytes: simple('bytes', 'bytes'),
  double: simple('double', 'double'),
  duration: simple('duration', 'google.protobuf.Duration'),
  dyn: simple('dyn', 'dyn'),
  error: simple('error', '!error!'),
  int: simple('int', 'int'),
  null: simple('null', 'null_type'),
  string: simple('string', 'string'),
  timestamp: simple('timestamp', 'google.protobuf.Timestamp'),
  type: simple('type', 'type'),
  uint: simple('uint', 'uint'),
} as const;

/** `list(element)` */
export function listType(element: CelType): CelType {
  return { kind: 'list', name: 'list', parameters: [element] };
}

/** `map(key, value)` */
export function mapType(key: CelType, value: CelType): CelType {
  return { kind: 'map', name: 'map', parameters: [key, value] };
}

/** An object with declared fields. */
export function structType(name: string): CelType {
  return simple('struct', name);
}

/** A type that only functions look into. */
export function opaqueType(name: string, ...parameters: CelType[]): CelType {
  return { kind: 'opaque', name, parameters };
}

/** `optional_type(value)` */
export function optionalType(value: CelType): CelType {
  return opaqueType('optional_type', value);
}

/** The type of a type. */
export function typeOfType(of: CelType): CelType {
  return { kind: 'type', name: 'type', parameters: [of] };
}

/** A placeholder in a declaration. */
export function typeParam(name: string): CelType {
  return simple('typeParam', name);
}

/** The same type, parameters included. */
export function isSameType(left: CelType, right: CelType): boolean {
  return (
    left === right ||
    (left.kind === right.kind &&
      left.name === right.name &&
      left.parameters.length === right.parameters.length &&
      left.parameters.every((parameter, index) => isSameType(parameter, right.parameters[index] ?? types.dyn)))
  );
}

/** Whether the checker lets anything pass for it. */
export function isDyn(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'any';
}

/** The type inside an optional one. */
export function optionalValueType(type: CelType): CelType | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.parameters[0] : undefined;
}

const shownNames: Partial<Record<CelKind, string>> = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
};

/** A type as the checker's messages show it. */
export function formatType(type: CelType): string {
  const shown = shownNames[type.kind];
  if (shown !== undefined) return shown;
  return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(', ')})`;
}
