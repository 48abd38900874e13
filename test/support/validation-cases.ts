import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { createTestApiServer, type TestApiServer } from './test-api-server.ts';

/** Fields of an object beside its apiVersion and kind; metadata is filled in where it is missing. */
export type Fields = Readonly<Record<string, unknown>>;

/** What is created, and what the real server said is wrong with it: `field: message` in its order; nothing when it is fine. */
export type CreationCase = readonly [fields: Fields, problems: readonly string[]];

/** What is set in the object that is there, by JSON pointer (undefined takes away), and what is wrong with that. */
export type UpdateCase = readonly [set: Readonly<Record<string, unknown>>, problems: readonly string[]];

interface Status {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

export interface ValidationSuite {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: string;
  /** Cluster-scoped when absent. */
  readonly namespace?: string;
  readonly create?: readonly CreationCase[];
  /** Each update is tried on an object made of these fields, and not kept. */
  readonly base?: Fields;
  readonly update?: readonly UpdateCase[];
}

/** Runs cases against the real API server in process, without keeping anything. */
export function describeValidation(suite: ValidationSuite): void {
  describe(`${suite.kind} in ${suite.apiVersion}`, () => {
    let server: TestApiServer;
    let existing: Unstructured;
    const root = suite.apiVersion.includes('/') ? `/apis/${suite.apiVersion}` : `/api/${suite.apiVersion}`;
    const place = suite.namespace === undefined ? '' : `/namespaces/${suite.namespace}`;
    const path = `${root}${place}/${suite.resource}`;

    before(async () => {
      server = await createTestApiServer();
      if (suite.base !== undefined) existing = await server.create(objectOf(suite, suite.base, 'old'));
    });
    after(() => server.close());

    (suite.create ?? []).forEach(([fields, problems], index) => {
      it(`${index + 1}: ${titleOf(problems, fields)}`, async () => {
        const { status, body } = await server.request('POST', `${path}?dryRun=All`, objectOf(suite, fields, 'new'));
        assert.deepEqual(problemsOf(status, body), problems);
      });
    });
    (suite.update ?? []).forEach(([set, problems], index) => {
      it(`update ${index + 1}: ${titleOf(problems, set)}`, async () => {
        const name = existing.metadata.name ?? '';
        const changed = structuredClone(existing);
        for (const [pointer, value] of Object.entries(set)) setAt(changed, pointer.slice(1).split('/'), value);
        const { status, body } = await server.request('PUT', `${path}/${name}?dryRun=All`, changed);
        assert.deepEqual(problemsOf(status, body), problems);
      });
    });
  });
}

function objectOf({ apiVersion, kind, namespace }: ValidationSuite, fields: Fields, name: string): Unstructured {
  const metadata = { name, ...(fields['metadata'] as object | undefined) };
  return { apiVersion, kind, ...fields, metadata: namespace === undefined ? metadata : { namespace, ...metadata } };
}

function titleOf(problems: readonly string[], fields: object): string {
  if (problems.length === 0) return `lets pass ${JSON.stringify(fields).slice(0, 80)}`;
  return `refuses ${problems.map((problem) => problem.slice(0, 60)).join(' and ')}`;
}

function problemsOf(status: number, body: unknown): readonly string[] {
  if (status < 300) return [];
  const { details, message = '' } = body as Status;
  const causes = details?.causes ?? [];
  if (causes.length === 0) return [message];
  return causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`);
}

function setAt(target: unknown, steps: readonly string[], value: unknown): void {
  const [step = '', ...rest] = steps.map((text) => text.replaceAll('~1', '/'));
  const fields = target as Record<string, unknown>;
  if (rest.length > 0) {
    fields[step] ??= {};
    setAt(fields[step], rest, value);
  } else if (value === undefined) Reflect.deleteProperty(fields, step);
  else fields[step] = value;
}
