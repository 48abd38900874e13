import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { gvkOf } from '../../src/apimachinery/gvk.ts';
import { isJsonObject, type JsonObject } from '../../src/apimachinery/json.ts';
import type { ManagedFieldsEntry, Unstructured } from '../../src/apimachinery/object-meta.ts';
import { schemasFromOpenApiV3, type OpenApiTypes } from '../../src/apimachinery/openapi-schema.ts';
import { resolveSchema } from '../../src/apimachinery/schema.ts';
import { StatusError, type Status } from '../../src/apimachinery/status.ts';
import { emptyObject } from '../../src/patch/empty-object.ts';
import { applyManagedFields, updateManagedFields, type ManagedKind } from '../../src/patch/managed-fields.ts';
import { goldenJson, goldenPath } from '../support/golden.ts';

interface Exchange {
  readonly scenario: string;
  readonly step: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly rawBody?: string;
  };
  readonly response: { readonly status: number; readonly body: Unstructured & Partial<Status> };
}

function exchanges(context: TestContext, name: string): Exchange[] {
  const path = goldenPath(context, `exchanges/${name}.jsonl`);
  if (path === undefined) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Exchange);
}

/** The types that the real server publishes for a group version; undefined for one it does not have. */
type PublishedTypes = (group: string, version: string) => OpenApiTypes | undefined;

function publishedTypes(context: TestContext): PublishedTypes | undefined {
  const known = new Map<string, OpenApiTypes>();
  const folder = goldenPath(context, 'openapi/v3');
  if (folder === undefined) return undefined;
  return (group, version) => {
    const name = group === '' ? `api__${version}` : `apis__${group}__${version}`;
    let types = known.get(name);
    if (types !== undefined) return types;
    if (!existsSync(`${folder}/${name}.json`)) return undefined;
    const document = goldenJson(context, `openapi/v3/${name}.json`);
    if (!isJsonObject(document)) return undefined;
    types = schemasFromOpenApiV3(document);
    known.set(name, types);
    return types;
  };
}

function kindOf(object: Unstructured, published: PublishedTypes, subresource: string): ManagedKind | undefined {
  const { group, version, kind } = gvkOf(object);
  const source = published(group, version);
  const name = source?.nameOf(group, version, kind);
  if (source === undefined || name === undefined) return undefined;
  const schema = resolveSchema({ ref: name }, source);
  const hasStatus = schema.properties?.['status'] !== undefined;
  const reset = subresource === 'status' ? ['spec'] : hasStatus ? ['status'] : [];
  const empty = { metadata: {}, ...emptyObject(name, source) } as unknown as Unstructured;
  return { apiVersion: object.apiVersion, kind, schema, source, resetFields: reset, empty: () => empty };
}

/** Managed fields in the order of the recording, without times. */
function comparable(entries: readonly ManagedFieldsEntry[] | undefined): unknown[] {
  return (entries ?? [])
    .map(({ time: _time, ...entry }) => JSON.stringify(sortKeys(entry)))
    .sort()
    .map((text) => JSON.parse(text) as unknown);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}

function parameter(exchange: Exchange, name: string): string | undefined {
  return new URLSearchParams(exchange.request.query ?? '').get(name) ?? undefined;
}

/** Kinds to which admission or the registry add something after the fields were recorded. */
const completedLater = new Set([
  'CertificateSigningRequest',
  'Job',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'Service',
  'VolumeAttributesClass',
]);

const now = Date.UTC(2026, 0, 2);

void describe('managed fields are those that the real server recorded', () => {
  for (const name of ['kinds', 'patch', 'ssa']) {
    void it(`of creates: ${name}`, (context) => {
      const source = publishedTypes(context);
      if (source === undefined) return;
      let count = 0;
      for (const exchange of exchanges(context, name)) {
        const { request, response } = exchange;
        const recorded = response.body.metadata?.managedFields;
        if (request.method !== 'POST' || response.status !== 201 || recorded?.length !== 1) continue;
        const kind = kindOf(response.body, source, '');
        if (kind === undefined || completedLater.has(kind.kind)) continue;
        const { managedFields: _recorded, ...metadata } = response.body.metadata;
        const manager = parameter(exchange, 'fieldManager') ?? 'vec';
        const writer = { manager, subresource: '', now };
        const object = updateManagedFields(kind.empty?.(), { ...response.body, metadata }, kind, writer);
        assert.deepEqual(
          comparable(object.metadata.managedFields),
          comparable(recorded),
          `${exchange.scenario} ${exchange.step}`,
        );
        count++;
      }
      assert.ok(count > 0, 'some creates were compared');
    });
  }

  void it('of applies, with their conflicts and errors', (context) => {
    const source = publishedTypes(context);
    if (source === undefined) return;
    const stored = new Map<string, Unstructured>();
    let compared = 0;
    for (const exchange of exchanges(context, 'ssa')) {
      const { request, response, scenario, step } = exchange;
      // The recording leaves managed fields out where a controller wrote too.
      if (scenario === 'ssa/deployment-scale-subresource') continue;
      const place = `${scenario} ${request.path}`;
      const isApply = request.headers?.['Content-Type'] === 'application/apply-patch+yaml';
      const configuration = request.body;
      const label = `${scenario} ${step}`;
      if (isApply && isJsonObject(configuration) && isJsonObject(configuration['metadata'])) {
        const answer = applyOf(exchange, configuration, stored.get(place), source);
        if (answer instanceof StatusError) {
          if (response.body.message?.startsWith('Apply failed') === true || response.status === 500) {
            assert.equal(answer.message, response.body.message ?? answer.message, label);
            assert.deepEqual(answer.status.details?.causes, response.body.details?.causes, label);
            compared++;
          }
        } else if (answer !== undefined && response.status < 300) {
          assert.deepEqual(comparable(answer.metadata.managedFields), comparable(managedOf(response.body)), label);
          compared++;
        }
      }
      const isStored = response.status < 300 && parameter(exchange, 'dryRun') === undefined;
      if (isStored && request.method !== 'GET') stored.set(place, response.body);
    }
    assert.ok(compared > 20, `${compared} applies were compared`);
  });
});

function managedOf(object: Unstructured): readonly ManagedFieldsEntry[] | undefined {
  return object.metadata.managedFields;
}

function applyOf(
  exchange: Exchange,
  configuration: JsonObject,
  live: Unstructured | undefined,
  source: PublishedTypes,
): Unstructured | StatusError | undefined {
  const object = configuration as unknown as Unstructured;
  const kind = exchange.request.path.endsWith('/scale') ? undefined : kindOf(object, source, '');
  const manager = parameter(exchange, 'fieldManager');
  if (kind === undefined || manager === undefined) return undefined;
  const withoutTimes = live === undefined ? undefined : withTimes(live);
  try {
    const force = parameter(exchange, 'force') === 'true';
    return applyManagedFields(withoutTimes, object, kind, { manager, subresource: '', now, force });
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

/** The recording has placeholders for times. */
function withTimes(object: Unstructured): Unstructured {
  const managedFields = object.metadata.managedFields?.map((entry) => ({ ...entry, time: '2026-01-01T00:00:00Z' }));
  return { ...object, metadata: { ...object.metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
}
