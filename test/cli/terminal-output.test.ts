import assert from 'node:assert/strict';
import test from 'node:test';
import type { IOStreams, OutputStream } from '../../src/system/io-streams.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';
import { terminalSafe, withoutControls } from '../../src/cli/terminal-output.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

const cases: readonly (readonly [string, string])[] = [
  ['plain\ttext\n', 'plain\ttext\n'],
  ['\x1b[31mred\x1b[0m', '^[[31mred^[[0m'],
  ['back\rover', String.raw`back\rover`],
  ['\x07\x08\x00', '^G^H^@'],
  ['\x7f\x9b31m\x85', String.raw`\u007f\u009b31m\u0085`],
  ['grüße 🎉 \u200b', 'grüße 🎉 \u200b'],
];

void test('control characters are shown, not sent', () => {
  for (const [text, expected] of cases) assert.equal(withoutControls(text), expected);
});

/** Streams whose output is a terminal, or two. */
function terminals(): { streams: IOStreams; written: { out: string; err: string } } {
  const written = { out: '', err: '' };
  const terminal = (name: 'out' | 'err'): OutputStream => ({
    write: (text) => void (written[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')),
    flush: () => Promise.resolve(),
    isTerminal: true,
  });
  return { streams: { in: memoryIOStreams().in, out: terminal('out'), err: terminal('err') }, written };
}

void test('only terminals are protected, and only from text', () => {
  const { streams, written } = terminals();
  const safe = terminalSafe(streams.out);
  safe.write('\x1b[1m');
  safe.write(Buffer.from('\x1b[2m'));
  assert.equal(written.out, '^[[1m\x1b[2m');
  const memory = memoryIOStreams();
  assert.equal(terminalSafe(memory.out), memory.out);
});

void test('nothing that a server says steers a terminal, in any format', async (context) => {
  const evil = '\x1b]0;owned\x07\x9b2J';
  const { streams, written } = terminals();
  const cluster = await createCommandCluster(context, { world: { streams } });
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'evil', namespace: 'default', annotations: { note: evil } },
    data: { text: evil },
  });
  const formats = ['json', 'kyaml', 'jsonpath={.data.text}', 'go-template={{.data.text}}', 'custom-columns=A:.data'];
  for (const command of [
    ...formats.map((format) => ['get', 'configmap', 'evil', '-o', format]),
    ['get', 'configmap', 'evil', '-o', 'go-template={{.data.text}}{{.kind.x}}'],
    ['get', '--raw', '/api/v1/namespaces/default/configmaps/evil'],
    ['describe', 'configmap', 'evil'],
    ['get', 'configmap', evil],
  ]) {
    await cluster.run(...command);
    // eslint-disable-next-line no-control-regex -- control characters are the point
    assert.doesNotMatch(written.out + written.err, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/, command.join(' '));
  }
  assert.match(written.out, /owned/);
  assert.match(written.err, /owned/);
});
