import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { builtInSchemas } from '../../src/api/registry.ts';
import type { JsonObject } from '../../src/apimachinery/json.ts';
import type { Schema } from '../../src/apimachinery/schema.ts';
import { schemasFromOpenApiV2, schemasFromOpenApiV3 } from '../../src/apimachinery/openapi-schema.ts';
import { identityUnchanged, PatchConflictError, PatchPreconditionError } from '../../src/patch/patch-precondition.ts';
import { applyStrategicMergePatch, createThreeWayStrategicMergePatch } from '../../src/patch/strategic-merge-patch.ts';
import { goldenJson, repositoryRoot } from '../support/golden.ts';

interface RecordedPatch {
  readonly name: string;
  readonly original: JsonObject;
  readonly modified: JsonObject;
  readonly current: JsonObject;
  readonly patch: JsonObject;
}

const types: Readonly<Record<string, string>> = {
  Deployment: 'io.k8s.api.apps.v1.Deployment',
  Service: 'io.k8s.api.core.v1.Service',
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  ServiceAccount: 'io.k8s.api.core.v1.ServiceAccount',
};

function typeOf(object: JsonObject): Schema {
  const kind = object['kind'];
  return { ref: (typeof kind === 'string' ? types[kind] : undefined) ?? '' };
}

/** What kubectl 1.36.4 sent when it applied one manifest after another. */
const recorded = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/patch/fixtures/kubectl-apply-patches.json'), 'utf8'),
) as RecordedPatch[];

void describe('three-way patches are those of kubectl apply', () => {
  for (const { name, original, modified, current, patch } of recorded) {
    void it(name, () => {
      const schema = typeOf(modified);
      const before = JSON.stringify([original, modified, current]);
      const made = createThreeWayStrategicMergePatch(original, modified, current, schema, builtInSchemas, {
        preconditions: identityUnchanged,
      });
      assert.deepEqual(made, patch);
      assert.equal(JSON.stringify([original, modified, current]), before, 'the documents are left alone');
    });
  }
});

void describe('three-way patches from the published OpenAPI', () => {
  void it('are the same with the types of version 3', (context) => {
    const document = goldenJson(context, 'openapi/v3/apis__apps__v1.json') as JsonObject | undefined;
    if (document === undefined) return;
    const source = schemasFromOpenApiV3(document);
    const ref = source.nameOf('apps', 'v1', 'Deployment');
    assert.equal(ref, types['Deployment']);
    const deployments = recorded.filter(({ modified }) => modified['kind'] === 'Deployment');
    assert.ok(deployments.length > 10);
    for (const { name, original, modified, current, patch } of deployments) {
      const made = createThreeWayStrategicMergePatch(original, modified, current, { ref: ref ?? '' }, source);
      assert.deepEqual(made, patch, name);
    }
  });

  void it('are the same with the types of version 2', (context) => {
    const document = goldenJson(context, 'openapi/v2.json') as JsonObject | undefined;
    if (document === undefined) return;
    const source = schemasFromOpenApiV2(document);
    for (const { name, original, modified, current, patch } of recorded) {
      const made = createThreeWayStrategicMergePatch(original, modified, current, typeOf(modified), source);
      assert.deepEqual(made, patch, name);
    }
  });
});

void describe('what a three-way patch does', () => {
  const schema = { ref: 'io.k8s.api.core.v1.ConfigMap' };
  const configMap = (data: JsonObject): JsonObject => ({ kind: 'ConfigMap', metadata: { name: 'c' }, data });

  void it('brings the current state to the modified one and keeps what others added', () => {
    const current = configMap({ a: '1', b: '2', other: 'x' });
    const modified = configMap({ a: '9' });
    const patch = createThreeWayStrategicMergePatch(
      configMap({ a: '1', b: '2' }),
      modified,
      current,
      schema,
      builtInSchemas,
    );
    assert.deepEqual(patch, { data: { a: '9', b: null } });
    assert.deepEqual(
      applyStrategicMergePatch(current, patch, schema, builtInSchemas),
      configMap({ a: '9', other: 'x' }),
    );
  });

  void it('refuses to rename the object', () => {
    const renamed = { ...configMap({}), metadata: { name: 'd' } };
    assert.throws(
      () =>
        createThreeWayStrategicMergePatch(configMap({}), renamed, configMap({}), schema, builtInSchemas, {
          preconditions: identityUnchanged,
        }),
      (error) =>
        error instanceof PatchPreconditionError &&
        error.message === 'precondition failed for: map[metadata:map[name:d]]',
    );
  });

  void it('finds what both sides changed, unless it may overwrite', () => {
    const make = (overwrite: boolean): JsonObject =>
      createThreeWayStrategicMergePatch(
        configMap({ a: '1' }),
        configMap({ a: '2' }),
        configMap({ a: '3' }),
        schema,
        builtInSchemas,
        { overwrite },
      );
    assert.deepEqual(make(true), { data: { a: '2' } });
    assert.throws(
      () => make(false),
      (error) =>
        error instanceof PatchConflictError &&
        error.message ===
          'patch:\ndata:\n  a: "2"\n\nconflicts with changes made from original to current:\ndata:\n  a: "3"\n\n',
    );
  });
});
