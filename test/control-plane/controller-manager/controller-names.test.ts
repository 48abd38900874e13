import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerNames } from '../../../src/control-plane/controller-manager/controller-manager.ts';
import { ControllerChoice } from '../../../src/control-plane/controller-manager/controller-names.ts';

const cases: readonly (readonly [text: string, on: readonly string[], off: readonly string[]])[] = [
  ['*', ['job-controller'], ['token-cleaner-controller', 'bootstrap-signer-controller']],
  ['*,bootstrapsigner,tokencleaner', ['ttl-controller', 'token-cleaner-controller', 'bootstrap-signer-controller'], []],
  ['*, -podgc', ['job-controller'], ['pod-garbage-collector-controller']],
  ['job', ['job-controller'], ['cronjob-controller']],
  ['-job,*,job', ['cronjob-controller'], ['job-controller']],
  ['job,-job', ['job-controller'], ['cronjob-controller']],
];

for (const [text, on, off] of cases) {
  test(`--controllers=${text}`, () => {
    const choice = new ControllerChoice(text);
    assert.equal(choice.problem(controllerNames), undefined);
    assert.deepEqual(
      [...on, ...off].map((name) => choice.isOn(name)),
      [...on.map(() => true), ...off.map(() => false)],
    );
  });
}

const problems: readonly (readonly [text: string, problem: string | undefined])[] = [
  ['*,cats', '"cats" is not in the list of known controllers'],
  ['*,-cats', '"cats" is not in the list of known controllers'],
  ['', '"" is not in the list of known controllers'],
  ['*,attachdetach', 'this controller manager has no "persistentvolume-attach-detach-controller"'],
  ['*,-attachdetach', undefined],
];

for (const [text, problem] of problems) {
  test(`what is wrong with --controllers=${text}`, () => {
    assert.equal(new ControllerChoice(text).problem(controllerNames), problem);
  });
}
