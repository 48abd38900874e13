/**
 * Fields that are maps wherever built-in kinds have them, or at least where they are compared; fields of other objects
 * are structs, where an empty one is not the same as none.
 */
export const mapFields: ReadonlySet<string> = new Set(
  (
    'allocatedResourceStatuses allocatedResources annotations attachmentMetadata attributes binaryData ' +
    'consumedCapacity counters default defaultRequest definitions dependencies deprecatedTopology disruptedPods extra ' +
    'hard labels limits matchLabels max maxLimitRequestRatio min nodeAllocatableResourceMappings nodeSelector options ' +
    'overhead patternProperties podFixed properties requests stringData used userAnnotations volumeAttributes'
  ).split(' '),
);

/** Whether two parts of objects mean the same: an empty list or map is none, as apimachinery's semantic equality has it. */
export function equalSemantic(left: unknown, right: unknown): boolean {
  return isEqual(withoutEmptyList(left), withoutEmptyList(right));
}

function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    // eslint-disable-next-line eqeqeq -- loose equality compares bigint with number by value
    return isNumeric(left) && isNumeric(right) && left == right;
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]));
  }
  const entries = left as Readonly<Record<string, unknown>>;
  const others = right as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(entries)) {
    const other = Object.hasOwn(others, key) ? meaning(key, others[key], others) : null;
    if (!isEqual(meaning(key, entries[key], entries), other)) return false;
  }
  return Object.keys(others).every((key) => Object.hasOwn(entries, key) || meaning(key, others[key], others) === null);
}

function withoutEmptyList(value: unknown): unknown {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? null : value;
}

/** What a field says; null for nothing. */
function meaning(key: string, value: unknown, owner: object): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return withoutEmptyList(value);
  return isMapField(key, owner) && Object.keys(value).length === 0 ? null : value;
}

/**
 * Fields that are maps, unless their owner has this other field: in the driver of a CSINode, a request for devices, a
 * ControllerRevision and the opaque configuration of a device they are no maps.
 */
const mapsBut: Readonly<Record<string, string>> = {
  allocatable: 'nodeID',
  capacity: 'deviceClassName',
  data: 'revision',
  parameters: 'driver',
};

function isMapField(key: string, owner: object): boolean {
  if (mapFields.has(key)) return true;
  // A service selects by a map, everything else by a struct.
  if (key === 'selector') return Object.hasOwn(owner, 'sessionAffinity');
  const other = Object.hasOwn(mapsBut, key) ? mapsBut[key] : undefined;
  return other !== undefined && !Object.hasOwn(owner, other);
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
