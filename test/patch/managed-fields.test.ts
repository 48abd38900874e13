import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import type { ManagedFieldsEntry, Unstructured } from '../../src/apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../../src/apimachinery/schema.ts';
import { StatusError } from '../../src/apimachinery/status.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../src/patch/managed-fields.ts';
import { ownersAfterView, ownersInView } from '../../src/patch/viewed-ownership.ts';

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'object', additionalProperties: text };
const widget: Schema = {
  type: 'object',
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { type: 'object', properties: { name: text, uid: text, labels: texts, annotations: texts } },
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        tags: { type: 'array', items: text, listType: 'set' },
        parts: {
          type: 'array',
          listType: 'map',
          listMapKeys: ['name', 'side'],
          items: { type: 'object', properties: { name: text, side: { ...text, default: 'left' }, color: text } },
        },
        whole: { type: 'object', mapType: 'atomic', additionalProperties: text },
        free: { type: 'object', preserveUnknownFields: true },
      },
    },
    status: { type: 'object', properties: { phase: text } },
  },
};
const source: SchemaSource = { lookup: () => undefined };
const kind: ManagedKind = { apiVersion: 'e.com/v1', kind: 'Widget', schema: widget, source, resetFields: ['status'] };
const now = Date.UTC(2026, 0, 2, 3, 4, 5);

function object(spec: JsonObject, extra: JsonObject = {}): Unstructured {
  const metadata = { name: 'w', ...(extra['metadata'] as JsonObject | undefined) };
  return { apiVersion: 'e.com/v1', kind: 'Widget', ...extra, metadata, spec };
}

function apply(live: Unstructured | undefined, spec: JsonObject, manager: string, force = false): Unstructured {
  const writer = { manager, subresource: '', now, force };
  const stored = applyManagedFields(live, object(spec), kind, writer);
  return { ...stored, metadata: { uid: 'u', ...stored.metadata } };
}

function update(live: Unstructured, spec: JsonObject, manager: string, at = now): Unstructured {
  return updateManagedFields(live, { ...structuredClone(live), spec }, kind, { manager, subresource: '', now: at });
}

/** `manager/operation` → fields. */
function owners(stored: Unstructured): Record<string, unknown> {
  const entries = stored.metadata.managedFields ?? [];
  return Object.fromEntries(entries.map((entry) => [`${entry.manager}/${entry.operation}`, entry.fieldsV1]));
}

function failure(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

void describe('server-side apply', () => {
  void it('merges what several managers apply, and removes what nobody applies any more', () => {
    let stored = apply(undefined, { size: 1, tags: ['a'], parts: [{ name: 'x', color: 'red' }] }, 'one');
    stored = apply(stored, { size: 1, tags: ['b'], parts: [{ name: 'x', side: 'right' }] }, 'two');
    assert.deepEqual(stored['spec'], {
      size: 1,
      tags: ['a', 'b'],
      parts: [
        { name: 'x', color: 'red' },
        { name: 'x', side: 'right' },
      ],
    });
    stored = apply(stored, { tags: ['a'] }, 'one');
    assert.deepEqual(stored['spec'], { size: 1, tags: ['a', 'b'], parts: [{ name: 'x', side: 'right' }] });
    assert.deepEqual(owners(stored), {
      'one/Apply': { 'f:spec': { 'f:tags': { 'v:"a"': {} } } },
      'two/Apply': {
        'f:spec': {
          'f:parts': { 'k:{"name":"x","side":"right"}': { '.': {}, 'f:name': {}, 'f:side': {} } },
          'f:size': {},
          'f:tags': { 'v:"b"': {} },
        },
      },
    });
  });

  void it('refuses to change what others own, names them all, and takes over when forced', () => {
    let stored = apply(undefined, { size: 1, whole: { a: '1' } }, 'one');
    stored = update(stored, { size: 2, whole: { a: '1' } }, 'updater');
    const error = failure(() => apply(stored, { size: 3, whole: { a: '2' } }, 'two'));
    assert.equal(
      error.message,
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.whole\n' +
        'conflicts with "updater" using e.com/v1:\n- .spec.size',
    );
    assert.equal(error.code, 409);
    assert.deepEqual(error.status.details?.causes, [
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.whole' },
      { reason: 'FieldManagerConflict', message: 'conflict with "updater" using e.com/v1', field: '.spec.size' },
    ]);
    const taken = apply(stored, { size: 3, whole: { a: '2' } }, 'two', true);
    assert.deepEqual(Object.keys(owners(taken)), ['two/Apply']);
  });

  void it('leaves what stands around fields that are gone, though empty', () => {
    const first = apply(undefined, { free: { deep: { x: '1' } } }, 'a');
    const second = apply(first, { free: { deep: {} } }, 'b');
    assert.deepEqual(apply(second, {}, 'a')['spec'], { free: { deep: {} } });
  });

  void it('returns the stored object itself when nothing changes', () => {
    const stored = apply(undefined, { size: 1 }, 'one');
    assert.equal(
      applyManagedFields(stored, object({ size: 1 }), kind, {
        manager: 'one',
        subresource: '',
        now: now + 9e9,
        force: false,
      }),
      stored,
    );
  });

  void it('keeps applied order, with what others have where it stood', () => {
    const cases: readonly (readonly [string[], string[], string[]])[] = [
      [
        ['x', 'a'],
        ['n', 'a'],
        ['x', 'n', 'a'],
      ],
      [
        ['x', 'a', 'y'],
        ['a', 'n'],
        ['x', 'a', 'y', 'n'],
      ],
      [
        ['a', 'x', 'b', 'y'],
        ['b', 'a', 'n'],
        ['x', 'b', 'y', 'a', 'n'],
      ],
      [['a', 'b'], ['c'], ['a', 'b', 'c']],
    ];
    for (const [live, applied, merged] of cases) {
      const stored = apply(apply(undefined, { tags: live }, 'one'), { tags: applied }, 'two');
      assert.deepEqual(stored['spec'], { tags: merged });
    }
  });

  void it('says what was there before belongs to before-first-apply', () => {
    const stored = object({ size: 1, free: { a: { b: 1 } } }, { metadata: { uid: 'u' } });
    assert.deepEqual(owners(apply(stored, { tags: ['a'] }, 'one')), {
      'one/Apply': { 'f:spec': { 'f:tags': { 'v:"a"': {} } } },
      'before-first-apply/Update': {
        'f:spec': { '.': {}, 'f:free': { '.': {}, 'f:a': { '.': {}, 'f:b': {} } }, 'f:size': {} },
      },
    });
  });

  void it('refuses what does not fit the type', () => {
    const prefix = 'failed to create typed patch object (/w; e.com/v1, Kind=Widget): ';
    const cases: readonly (readonly [JsonObject, string])[] = [
      [{ nope: 1 }, '.spec.nope: field not declared in schema'],
      [{ size: 'x' }, '.spec.size: expected numeric (int or float), got string'],
      [{ tags: ['a', 'a'] }, '.spec.tags: duplicate entries for key [="a"]'],
      [{ tags: [null] }, ".spec.tags: element 0: associative list without keys has an element that's an explicit null"],
      [{ parts: ['a'] }, '.spec.parts: element 0: associative list with keys may not have non-map elements'],
      [
        { parts: [{ name: 'a' }, { name: 'a', side: 'left' }] },
        '.spec.parts: duplicate entries for key [name="a",side="left"]',
      ],
      [
        { whole: 'x', size: true },
        'errors:\n  .spec.whole: expected map, got &{x}\n  .spec.size: expected numeric (int or float), got bool',
      ],
    ];
    for (const [spec, message] of cases) {
      assert.equal(failure(() => apply(undefined, spec, 'one')).message, prefix + message);
    }
  });

  void it('lets kubectl take over what it had applied from the client side', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const lastApplied = JSON.stringify(object({ size: 1 }));
    let stored = object({}, { metadata: { uid: 'u' } });
    stored = apply(stored, {}, 'seed');
    stored.metadata.annotations = { [annotation]: lastApplied };
    stored = update(stored, { size: 1 }, 'kubectl-client-side-apply');
    assert.equal(failure(() => apply(stored, { size: 2 }, 'other')).code, 409);
    const result = apply(stored, { size: 2 }, 'kubectl');
    assert.deepEqual(result['spec'], { size: 2 });
    assert.equal(
      result.metadata.annotations?.[annotation],
      '{"apiVersion":"e.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":2}}\n',
    );
  });
});

void describe('ordinary writes', () => {
  void it('give fields to who changed them, and the removed ones to nobody', () => {
    let stored = apply(undefined, { size: 1, tags: ['a', 'b'] }, 'one');
    stored = update(stored, { size: 2, tags: ['a'] }, 'two');
    assert.deepEqual(owners(stored), {
      'one/Apply': { 'f:spec': { 'f:tags': { 'v:"a"': {} } } },
      'two/Update': { 'f:spec': { 'f:size': {} } },
    });
  });

  void it('do not own what their endpoint cannot write, nor the identity of the object', () => {
    const created = object({ size: 1 }, { status: { phase: 'x' }, metadata: { uid: 'u', labels: { a: 'b' } } });
    const stored = updateManagedFields(undefined, created, kind, { manager: 'one', subresource: '', now });
    assert.deepEqual(owners(stored), {
      'one/Update': { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } }, 'f:spec': { '.': {}, 'f:size': {} } },
    });
    assert.equal(stored.metadata.managedFields?.[0]?.time, '2026-01-02T03:04:05Z');
  });

  void it('keep time and entries when nothing is changed', () => {
    const stored = update(apply(undefined, { size: 1 }, 'one'), { size: 2 }, 'two');
    const again = update(stored, { size: 2 }, 'two', now + 9e9);
    assert.deepEqual(again.metadata.managedFields, stored.metadata.managedFields);
  });

  void it('reset managed fields with an empty list; tracking begins again with the next apply', () => {
    const stored = apply(undefined, { size: 1 }, 'one');
    const reset = { ...structuredClone(stored), metadata: { ...stored.metadata, managedFields: [] } };
    const writer = { manager: 'two', subresource: '', now };
    const without = updateManagedFields(stored, reset, kind, writer);
    assert.equal(without.metadata.managedFields, undefined);
    assert.equal(update(without, { size: 9 }, 'two').metadata.managedFields, undefined);
  });

  void it('keep what is stored when the given entries cannot be read', () => {
    const stored = apply(undefined, { size: 1 }, 'one');
    const entry: ManagedFieldsEntry = { manager: 'x', operation: 'Apply', apiVersion: 'v1' };
    const unreadable: ManagedFieldsEntry[] = [
      entry,
      { ...entry, fieldsType: 'FieldsV1', fieldsV1: { 'f:metadata': 5 } },
      { ...entry, fieldsType: 'FieldsV1', fieldsV1: 'text' as unknown as JsonObject },
    ];
    for (const bad of unreadable) {
      const given = { ...structuredClone(stored), metadata: { ...stored.metadata, managedFields: [bad] } };
      const kept = updateManagedFields(stored, given, kind, { manager: 'two', subresource: '', now });
      assert.deepEqual(kept.metadata.managedFields, stored.metadata.managedFields);
    }
  });

  void it('keep ten managers apart; the oldest share ancient-changes', () => {
    let stored = apply(undefined, { free: {} }, 'applier');
    const free: JsonObject = {};
    for (let index = 0; index < 12; index++) {
      free[`k${index}`] = index;
      stored = update(stored, { free: { ...free } }, `m${String(index).padStart(2, '0')}`, now + index * 1000);
    }
    const names = stored.metadata.managedFields?.map(({ manager }) => manager);
    assert.deepEqual(names?.slice(0, 3), ['applier', 'ancient-changes', 'm03']);
    assert.equal(names?.length, 11);
    assert.deepEqual(owners(stored)['ancient-changes/Update'], {
      'f:spec': { 'f:free': { 'f:k0': {}, 'f:k1': {}, 'f:k2': {} } },
    });
  });

  void it('drop entries of versions that are gone, and ask others in their own terms', () => {
    const renamed: Schema = {
      ...widget,
      properties: { ...widget.properties, spec: { type: 'object', properties: { length: { type: 'integer' } } } },
    };
    const rename = (whole: JsonObject, from: string, to: string): JsonObject => {
      const { [from]: value, ...rest } = whole['spec'] as JsonObject;
      return { ...whole, spec: value === undefined ? rest : { ...rest, [to]: value } };
    };
    const versioned: ManagedKind = {
      ...kind,
      versionOf: (apiVersion) =>
        apiVersion === 'e.com/v2'
          ? {
              schema: renamed,
              source,
              resetFields: [],
              convert: (whole) => rename(whole, 'size', 'length'),
              convertBack: (whole) => rename(whole, 'length', 'size'),
            }
          : undefined,
    };
    const entry = (apiVersion: string, fieldsV1: Record<string, unknown>): ManagedFieldsEntry => {
      return { manager: apiVersion, operation: 'Update', apiVersion, fieldsType: 'FieldsV1', fieldsV1 };
    };
    const stored = object({ size: 1 }, { metadata: { uid: 'u' } });
    stored.metadata.managedFields = [
      entry('e.com/v0', { 'f:spec': { 'f:width': {} } }),
      entry('e.com/v2', { 'f:spec': { 'f:length': {}, 'f:other': {} } }),
    ];
    const next = { ...structuredClone(stored), spec: { size: 2 } };
    const written = updateManagedFields(stored, next, versioned, { manager: 'one', subresource: '', now });
    assert.deepEqual(owners(written), {
      'e.com/v2/Update': { 'f:spec': { 'f:other': {} } },
      'one/Update': { 'f:spec': { 'f:size': {} } },
    });
  });
});

void it('writes through the scale subresource leave no time', () => {
  const entry = (apiVersion: string, field: string, more: object): ManagedFieldsEntry => ({
    manager: 'one',
    operation: 'Update',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { [field]: {} } },
    ...more,
  });
  const time = '2026-01-01T00:00:00Z';
  const field = {
    apiVersion: 'v1',
    path: ['spec', 'size'],
    viewApiVersion: 'scale/v1',
    viewPath: ['spec', 'replicas'],
  };
  const owners = [entry('v1', 'f:size', { time })];
  assert.deepEqual(ownersInView(owners, field), [entry('scale/v1', 'f:replicas', { time })]);
  const scaled = [entry('scale/v1', 'f:replicas', { manager: 'two', subresource: 'scale', time })];
  assert.deepEqual(ownersAfterView(owners, scaled, field), [
    entry('v1', 'f:size', { manager: 'two', subresource: 'scale' }),
  ]);
});
