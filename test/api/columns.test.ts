import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { documentedResources, type Documentation } from '../../src/api/documentation.ts';
import { genericColumns } from '../../src/api/columns.ts';
import { builtInResources } from '../../src/api/registry.ts';
import type { Column, ResourceDefinition } from '../../src/api/resource-definition.ts';
import type { KubeList, Unstructured } from '../../src/apimachinery/object-meta.ts';
import { goldenJson } from '../support/golden.ts';
import { typeDocumentation } from '../support/type-documentation.ts';

interface Table {
  readonly columnDefinitions: readonly Omit<Column, 'cell'>[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly conditions?: unknown }[] | null;
}

const listable = builtInResources.filter((resource) => resource.verbs.includes('list'));

function goldenName(resource: ResourceDefinition): string {
  const group = resource.group === '' ? '' : `${resource.group}__`;
  return `${group}${resource.version}__${resource.resource}.json`;
}

/** Ages and durations differ with the moment of the recording. */
function withoutAge(cell: unknown): unknown {
  if (typeof cell !== 'string') return cell;
  return cell.replace(/^(<invalid>|(?:\d+[ydhms]){1,2})$/, '<age>').replace(/\((\d+[ydhms])+ ago\)/, '(<age> ago)');
}

void describe('columns', () => {
  let documentation: Documentation;
  before(async () => {
    documentation = await typeDocumentation();
  });

  for (const resource of listable) {
    void it(`${resource.resource} ${resource.group}/${resource.version}: definitions equal those of the real server`, (context) => {
      const table = goldenJson(context, `tables/${goldenName(resource)}`) as Table | undefined;
      if (table === undefined) return;
      const [documented] = documentedResources(
        [{ ...resource, columns: resource.columns ?? genericColumns }],
        documentation,
      );
      const ours = (documented?.columns ?? []).map(({ name, type, format, description, priority }) => {
        return { name, type, format, description, priority };
      });
      assert.deepEqual(ours, table.columnDefinitions);
    });

    void it(`${resource.resource} ${resource.group}/${resource.version}: cells equal those of the real server`, (context) => {
      const table = goldenJson(context, `samples/tables/${goldenName(resource)}`) as Table | undefined;
      const objects = samplesOf(context, resource);
      if (table === undefined || objects === undefined) return;
      const columns = resource.columns ?? genericColumns;
      const now = Date.parse('2026-11-23T04:15:18Z');
      const rows = new Map(
        objects.map((object) => [
          `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`,
          {
            object,
            cells: [
              ...columns.map((column) => column.cell(object, now)),
              ...(resource.unlistedCells?.(object, now) ?? []),
            ].map(withoutAge),
          },
        ]),
      );
      for (const row of (table.rows ?? []) as readonly { cells: unknown[]; object: Unstructured }[]) {
        const { namespace = '', name = '' } = row.object.metadata;
        const ours = rows.get(`${namespace}/${name}`);
        // The table and the list were recorded one after the other; what changed in between is not compared.
        if (ours?.object.metadata.resourceVersion !== row.object.metadata.resourceVersion) continue;
        assert.deepEqual(ours?.cells, row.cells.map(withoutAge), name);
      }
    });
  }
});

/** Sample objects of the same kind and version; the samples hold one version of each. */
function samplesOf(
  context: Parameters<typeof goldenJson>[0],
  resource: ResourceDefinition,
): readonly Unstructured[] | undefined {
  const file = resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
  const list = goldenJson(context, `samples/output/${file}.json`) as KubeList | undefined;
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return list?.items.filter((object) => object.apiVersion === apiVersion);
}
