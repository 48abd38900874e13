import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parseJson } from '../../src/apimachinery/json-codec.ts';
import { GoTemplate } from '../../src/printers/go-template/template.ts';
import { JsonPath, relaxedJsonPath } from '../../src/apimachinery/jsonpath.ts';
import { createPrinter, type PrintFlags } from '../../src/printers/print-flags.ts';
import { PrinterError } from '../../src/printers/printer.ts';
import { repositoryRoot } from '../support/golden.ts';
import { realKubectl } from '../support/real-kubectl.ts';

const folder = join(repositoryRoot, 'test/printers/recorded');
const recorded = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const object = parseJson(readFileSync(join(folder, 'object.json'), 'utf8'));
const jsonPathCases = recorded('jsonpath.json') as (readonly [string, string])[];
const goTemplateCases = recorded('go-template.json') as (readonly [string, boolean, string])[];

/** `OK text`, `PERR message` of reading or `XERR message` of executing, as the recorded results have it. */
function outcome(make: () => { execute(data: unknown): string }): string {
  let template: { execute(data: unknown): string };
  try {
    template = make();
  } catch (error) {
    return `PERR ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    return `OK ${template.execute(object)}`;
  } catch (error) {
    return `XERR ${error instanceof Error ? error.message : String(error)}`;
  }
}

void test('JSONPath templates give what the real kubectl gave', () => {
  for (const [template, expected] of jsonPathCases) {
    assert.equal(
      outcome(() => new JsonPath(template, { allowMissingKeys: true })),
      expected,
      template,
    );
  }
});

void test('Go templates give what the real kubectl gave', () => {
  for (const [template, failOnMissingKeys, expected] of goTemplateCases) {
    assert.equal(
      outcome(() => new GoTemplate(template, { failOnMissingKeys })),
      expected,
      template,
    );
  }
});

const formatCases = recorded('formats.json') as (readonly [string, string, string, string])[];

/** Details for debugging, which hold the whole object, are left out of what is recorded. */
function withoutDetails(text: string): string {
  const at = text.indexOf('Printing more information');
  return at < 0 ? text : text.slice(0, at);
}

void test('jsonpath and go-template print and complain as the real kubectl did', async () => {
  for (const [format, template, stdout, stderr] of formatCases) {
    let printed = '';
    let failure = '';
    try {
      printed = (await createPrinter({ output: `${format}=${template}` }))?.print(object) ?? '';
    } catch (error) {
      assert.ok(error instanceof PrinterError, `${template}: ${String(error)}`);
      printed = error.printed;
      failure = `error: ${error.message}${error.message.endsWith('\n') ? '' : '\n'}`;
    }
    const actual = [withoutDetails(printed), withoutDetails(failure)];
    assert.deepEqual(actual, [stdout, stderr], `${format}=${template}`);
  }
});

void test('odd values stand in YAML, JSON and KYAML as the real kubectl writes them', async () => {
  const values = recorded('values.json') as { readonly object: string } & Record<string, readonly string[]>;
  const odd = parseJson(values.object);
  for (const output of ['yaml', 'json', 'kyaml']) {
    const printed = (await createPrinter({ output }))?.print(odd) ?? '';
    assert.deepEqual(printed.split('\n'), values[output], output);
  }
});

/** Runs our printer and the real kubectl on the same output format; both as stdout and error. */
async function compare(kubectl: string, flags: PrintFlags): Promise<void> {
  const allowed = flags.allowMissingTemplateKeys ?? true;
  const real = spawnSync(
    kubectl,
    [
      'label',
      '--local',
      '-f',
      join(folder, 'object.json'),
      'a=b',
      `--allow-missing-template-keys=${allowed}`,
      '-o',
      flags.output,
    ],
    { encoding: 'utf8' },
  );
  let printed = '';
  let failure = '';
  try {
    printed = (await createPrinter(flags))?.print(object) ?? '';
  } catch (error) {
    assert.ok(error instanceof PrinterError, String(error));
    printed = error.printed;
    failure = `error: ${error.message}${error.message.endsWith('\n') ? '' : '\n'}`;
  }
  assert.deepEqual([printed, failure], [real.stdout, real.stderr], flags.output);
}

void test('the real kubectl prints the same, errors included', async (context) => {
  const kubectl = realKubectl(context);
  if (kubectl === undefined) return;
  const outputs = [
    'json',
    'yaml',
    'kyaml',
    'JSON',
    'name',
    'foo',
    'wide',
    'json=x',
    'jsonpath',
    'jsonpath={.x',
    'jsonpath={.spec.n[0]}',
    'jsonpath={.spec.items[*].name}',
    'jsonpath-as-json={.spec.list[*]}',
    'jsonpath-as-json=a{.spec.n}b',
    'go-template={{.spec}}',
    'template={{.kind}}',
    'go-template={{.x',
    'go-template={{.spec.items.x}}',
  ];
  for (const output of outputs) await compare(kubectl, { output });
  await compare(kubectl, { output: 'jsonpath={.nope}', allowMissingTemplateKeys: false });
  await compare(kubectl, { output: 'go-template={{.nope}}', allowMissingTemplateKeys: false });
});

void test('paths as people write them', () => {
  for (const path of ['spec.x', '.spec.x', '{spec.x}', '{.spec.x}']) assert.equal(relaxedJsonPath(path), '{.spec.x}');
  assert.equal(relaxedJsonPath(''), '');
  assert.throws(() => relaxedJsonPath('{{'), /unexpected path string, expected a 'name1.name2'/);
});
