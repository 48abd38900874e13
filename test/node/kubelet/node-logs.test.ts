import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody } from '../../../src/apimachinery/http.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { handleNodeLogs } from '../../../src/node/kubelet/node-logs.ts';

const files = new MemoryFiles(() => 0);
files.makeFolder('/var/log/pods');
files.writeFile('/var/log/a&b.log', Buffer.from('line\n'));
files.writeFile('/etc/secret', Buffer.from('secret'));

const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n';

const cases: readonly (readonly [path: string, status: number, body: string])[] = [
  ['/logs/', 200, `${head}<a href="a&b.log">a&amp;b.log</a>\n<a href="pods/">pods/</a>\n</pre>\n`],
  ['/logs', 301, ''],
  ['/logs/pods', 301, ''],
  ['/logs/pods/', 200, `${head}</pre>\n`],
  ['/logs/a&b.log', 200, 'line\n'],
  ['/logs/a&b.log/', 404, '404 page not found\n'],
  ['/logs/none', 404, '404 page not found\n'],
  ['/logs/../../etc/secret', 400, 'invalid URL path\n'],
  ['/logs/%2e%2e/%2e%2e/etc/secret', 400, 'invalid URL path\n'],
];

for (const [path, status, body] of cases) {
  test(`logs of the node: ${path}`, async () => {
    const answer = handleNodeLogs(path, files);
    assert.equal(answer.status, status);
    assert.equal(Buffer.from(await readBody(answer.body)).toString(), body);
  });
}
