import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../support/golden.ts';
import { checkRecordedExchanges } from './recorded-exchanges.ts';

const recordings = readdirSync(join(repositoryRoot, 'test/recorded/access')).filter((file) => file.endsWith('.jsonl'));

for (const file of recordings) {
  const name = file.replace(/\.jsonl$/, '');
  test(`who may do what, as recorded from the real server: ${name}`, (context) =>
    checkRecordedExchanges(context, `access/${name}`));
}
