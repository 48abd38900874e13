import { test } from 'node:test';
import { checkRecordedExchanges } from './recorded-exchanges.ts';

for (const name of ['expressions', 'plugins', 'quotas']) {
  test(`what admission makes of requests, as recorded from the real server: ${name}`, (context) =>
    checkRecordedExchanges(context, `admission/${name}`));
}
