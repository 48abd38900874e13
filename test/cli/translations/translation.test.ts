import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translatedLocales, translationFor } from '../../../src/cli/translations/translation.ts';
import { commandTable } from '../../../src/commands/index.ts';
import { commandRunner } from '../../support/run-command.ts';

const rootCommands = commandTable.filter(({ path, hidden }) => path.length === 1 && hidden !== true);

for (const locale of translatedLocales) {
  void test(`every command has its line in ${locale}, and nothing else has`, async () => {
    const translation = await translationFor({ LANG: `${locale}.UTF-8` });
    assert.deepEqual(
      Object.keys(translation?.shorts ?? {}).toSorted(),
      rootCommands.map(({ path }) => path.join(' ')).toSorted(),
    );
    for (const name of Object.keys(translation?.abouts ?? {})) {
      assert.ok(
        commandTable.some(({ path }) => path.join(' ') === name),
        name,
      );
    }
  });
}

void test('which locale counts', async () => {
  const config = async (env: Readonly<Record<string, string>>): Promise<string | undefined> =>
    (await translationFor(env))?.shorts['config'];
  const german = 'Verändere kubeconfig Dateien';
  const cases: readonly (readonly [env: Readonly<Record<string, string>>, expected: string | undefined])[] = [
    [{}, undefined],
    [{ LANG: 'C' }, undefined],
    [{ LANG: 'de_DE' }, undefined],
    [{ LANG: 'de_DE.UTF8' }, german],
    [{ LANG: 'en_US.UTF-8' }, undefined],
    [{ LANG: 'nl_NL.UTF-8' }, undefined],
    [{ LANG: 'fr_FR.UTF-8', LC_MESSAGES: 'de_DE.UTF-8' }, german],
    [{ LANG: 'de_DE.UTF-8', LC_MESSAGES: 'de_DE.UTF-8', LC_ALL: 'C' }, undefined],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: '' }, german],
    [{ LANG: 'ja_JP.UTF-8' }, 'kubeconfigを変更する'],
    [{ LANG: 'zh_TW.UTF-8' }, '修改 kubeconfig 檔案'],
  ];
  for (const [env, expected] of cases) assert.equal(await config(env), expected, JSON.stringify(env));
});

void test('help speaks the language of the environment', async (context) => {
  const run = async (LANG: string, ...argv: string[]): Promise<string> =>
    (await commandRunner(context, { env: { LANG } }).run(...argv)).stdout;
  assert.match(await run('C', 'help'), /^ {2}config +Modify kubeconfig files$/m);
  assert.match(await run('pt_BR.UTF-8', 'help'), /^ {2}config +Edita o arquivo kubeconfig$/m);
  assert.match(await run('C', 'uncordon', '--help'), /^Mark node as schedulable\. /);
  assert.match(await run('zh_CN.UTF-8', 'uncordon', '--help'), /^标记节点为可调度。\n/);
  assert.match(await run('fr_FR.UTF-8', 'uncordon', '--help'), /^Mark node as schedulable\. /);
});
