import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCustomColumns, parseCustomColumnsFile, CustomColumnsPrinter } from '../../src/printers/custom-columns.ts';
import { formatAge, genericTable, statusTable, withEventColumn } from '../../src/printers/generic-table.ts';
import { NamePrinter } from '../../src/printers/name-printer.ts';
import { createPrinter } from '../../src/printers/print-flags.ts';
import { sortBy } from '../../src/printers/sort-by.ts';
import { YamlPrinter } from '../../src/printers/structured-printers.ts';
import { TablePrinter, type Table } from '../../src/printers/table-printer.ts';

const pod = (name: string, labels?: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', ...(labels === undefined ? {} : { labels }) },
});
const table: Table = {
  columnDefinitions: [
    { name: 'Name', type: 'string', format: 'name' },
    { name: 'Restarts', type: 'integer' },
    { name: 'Node', type: 'string', priority: 1 },
  ],
  rows: [
    { cells: ['a', 0, 'node-1'], object: pod('a', { app: 'x', 'example.com/tier': 'front' }) },
    { cells: ['a-long-name', 12, null], object: pod('a-long-name') },
  ],
};

void test('tables are aligned, with what the flags add', () => {
  assert.equal(new TablePrinter().print(table), 'NAME          RESTARTS\na             0\na-long-name   12\n');
  assert.equal(
    new TablePrinter({ wide: true, noHeaders: true }).print(table),
    'a             0     node-1\na-long-name   12    \n',
  );
  assert.equal(
    new TablePrinter({
      withNamespace: true,
      kindPrefix: 'pod',
      showLabels: true,
      columnLabels: ['example.com/tier'],
    }).print(table),
    [
      'NAMESPACE   NAME              RESTARTS   TIER    LABELS',
      'ns          pod/a             0          front   app=x,example.com/tier=front',
      'ns          pod/a-long-name   12                 <none>',
      '',
    ].join('\n'),
  );
});

void test('an empty table prints nothing, and headers come once', () => {
  const printer = new TablePrinter();
  assert.equal(new TablePrinter().print({ columnDefinitions: table.columnDefinitions ?? [], rows: [] }), '');
  const first = printer.print(table);
  const later = printer.print({ columnDefinitions: [], rows: [{ cells: ['b', 1, ''] }] });
  assert.match(first, /^NAME/);
  assert.equal(later, 'b             1\n');
});

void test('cells are one line and cannot steer the terminal', () => {
  const odd: Table = {
    columnDefinitions: [{ name: 'A' }, { name: 'B' }],
    rows: [{ cells: ['one\ntwo', '\x1b[31mred'] }, { cells: [true, 1.5, 'too many'] }],
  };
  assert.equal(new TablePrinter().print(odd), 'A        B\none...   ^[[31mred\ntrue     1.5\n');
});

void test('objects without a table show their name and age', () => {
  const now = Date.parse('2026-01-01T00:10:00Z');
  const objects = [{ metadata: { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' } }, { metadata: { name: 'y' } }];
  assert.equal(new TablePrinter().print(genericTable(objects, now)), 'NAME   AGE\nx      10m\ny      <unknown>\n');
  assert.equal(formatAge(null, now), '<unknown>');
  const status = statusTable({ status: 'Failure', reason: 'NotFound', message: 'gone' });
  assert.equal(new TablePrinter().print(status), 'STATUS    REASON     MESSAGE\nFailure   NotFound   gone\n');
  const event = withEventColumn(genericTable(objects.slice(1), now), 'ADDED');
  assert.equal(new TablePrinter().print(event), 'EVENT      NAME   AGE\nADDED      y      <unknown>\n');
});

void test('names', () => {
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
  assert.equal(
    new NamePrinter({ operation: 'created (dry run)' }).print(web),
    'deployment.apps/web created (dry run)\n',
  );
  assert.equal(new NamePrinter({ operation: 'created', short: true }).print(pod('a')), 'pod/a\n');
  assert.equal(
    new NamePrinter({ short: true }).print({ apiVersion: 'v1', kind: 'List', items: [web, pod('b')] }),
    'deployment.apps/web\npod/b\n',
  );
});

void test('YAML documents are separated, managed fields left out', async () => {
  const printer = new YamlPrinter();
  assert.equal(printer.print({ a: 1 }) + printer.print({ b: 2 }), 'a: 1\n---\nb: 2\n');
  const object = { metadata: { name: 'x', managedFields: [{ manager: 'm' }] } };
  assert.equal((await createPrinter({ output: 'yaml' }))?.print(object), 'metadata:\n  name: x\n');
  const shown = (await createPrinter({ output: 'yaml', showManagedFields: true }))?.print(object);
  assert.equal(shown, 'metadata:\n  managedFields:\n  - manager: m\n  name: x\n');
});

void test('custom columns', async () => {
  const printer = new CustomColumnsPrinter(
    parseCustomColumns('NAME:.metadata.name,APP:metadata.labels.app,NS:{.metadata.namespace}'),
  );
  assert.equal(
    printer.print({ kind: 'List', items: [pod('a', { app: 'x' }), pod('b')] }),
    'NAME   APP      NS\na      x        ns\nb      <none>   ns\n',
  );
  assert.equal(
    new CustomColumnsPrinter(parseCustomColumns('A:.a,B:.b')).print({ a: null, kind: 'X' }),
    'A       B\n<nil>   <none>\n',
  );
  assert.throws(() => parseCustomColumns('a'), {
    message: 'unexpected custom-columns spec: a, expected <header>:<json-path-expr>',
  });
  assert.deepEqual(parseCustomColumnsFile('A  B\nx .y\n'), [
    { header: 'A', template: '{.x}' },
    { header: 'B', template: '{.y}' },
  ]);
  assert.throws(() => parseCustomColumnsFile('A B\nc\n'), {
    message: "number of headers (2) and field specifications (1) don't match",
  });
  await assert.rejects(createPrinter({ output: 'custom-columns=a:b' }), /unable to match a printer suitable/);
});

void test('sorting', () => {
  const items = ['pod-10', 'pod-2', 'pod-1'].map((name) => ({ metadata: { name } }));
  const names = sortBy(items, '.metadata.name', (item) => item).map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ['pod-1', 'pod-10', 'pod-2']);
  const amounts = ['1Gi', '500Mi', '2k'].map((cpu) => ({ cpu }));
  assert.deepEqual(
    sortBy(amounts, 'cpu', (item) => item),
    [{ cpu: '2k' }, { cpu: '500Mi' }, { cpu: '1Gi' }],
  );
  const some = [{ n: 3 }, {}, { n: 1 }];
  assert.deepEqual(
    sortBy(some, '{.n}', (item) => item),
    [{}, { n: 1 }, { n: 3 }],
  );
  assert.throws(() => sortBy(items, '.nope', (item) => item), {
    message: `couldn't find any field with path "{.nope}" in the list of objects`,
  });
  assert.throws(() => sortBy([{ a: true }, { a: false }], 'a', (item) => item), /unsortable type: bool/);
});

void test('custom columns with a wrong path show their headers first', async () => {
  const printer = await createPrinter({ output: 'custom-columns=N:.metadata.name,E:.spec.x[', customColumns: true });
  assert.throws(() => printer?.print({ kind: 'List', items: [] }), {
    message: 'unterminated array',
    printed: 'N     E\n',
  });
});

void test('the formats are told when one does not exist', async () => {
  await assert.rejects(createPrinter({ output: 'foo', customColumns: true, wide: true }), {
    message:
      'unable to match a printer suitable for the output format "foo", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml',
  });
  const missing = Object.assign(new Error('gone'), { code: 'ENOENT' });
  await assert.rejects(createPrinter({ output: 'jsonpath-file=/nope', readFile: () => Promise.reject(missing) }), {
    message: 'error reading --template /nope, open /nope: no such file or directory\n',
  });
  assert.equal(await createPrinter({ output: 'wide', wide: true }), undefined);
  // Of all formats this one alone minds capital letters.
  await assert.rejects(createPrinter({ output: 'Wide', wide: true }), /output format "Wide"/);
});
