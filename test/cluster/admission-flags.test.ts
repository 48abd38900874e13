import assert from 'node:assert/strict';
import test from 'node:test';
import { admissionPluginSelection } from '../../src/cluster/admission-flags.ts';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { admissionPluginNames } from '../../src/control-plane/admission/admission-chain.ts';

const selectionOf = (flags: Readonly<Record<string, string>>) =>
  admissionPluginSelection(new Map(Object.entries(flags)));

test('plugins are enabled and disabled by name', () => {
  assert.deepEqual(selectionOf({}), { enable: [], disable: [] });
  const flags = { 'enable-admission-plugins': 'AlwaysDeny,,NodeRestriction', 'disable-admission-plugins': 'Priority' };
  assert.deepEqual(selectionOf(flags), { enable: ['AlwaysDeny', 'NodeRestriction'], disable: ['Priority'] });
});

test('what a cluster turns on stays on unless a flag says otherwise', () => {
  const selection = (flags: Readonly<Record<string, string>>) =>
    admissionPluginSelection(new Map(Object.entries(flags)), ['NodeRestriction']).enable;
  assert.deepEqual(selection({}), ['NodeRestriction']);
  assert.deepEqual(selection({ 'enable-admission-plugins': 'AlwaysDeny' }), ['NodeRestriction', 'AlwaysDeny']);
  assert.deepEqual(selection({ 'disable-admission-plugins': 'NodeRestriction' }), []);
  assert.deepEqual(selection({ 'admission-control': 'Priority' }), ['Priority']);
});

test('the flag of old names all that run', () => {
  const { enable, disable } = selectionOf({ 'admission-control': 'Priority,LimitRanger' });
  assert.deepEqual(enable, ['Priority', 'LimitRanger']);
  assert.deepEqual(
    disable,
    admissionPluginNames.filter((name) => name !== 'Priority' && name !== 'LimitRanger'),
  );
});

test('a plugin that a feature gate brings can be named behind it only', () => {
  const gate = { 'feature-gates': 'Initializers=true' };
  assert.deepEqual(selectionOf({ ...gate, 'disable-admission-plugins': 'Initializers' }).disable, ['Initializers']);
  assert.ok(selectionOf({ ...gate, 'admission-control': 'Priority' }).disable?.includes('Initializers'));
  assert.throws(() => selectionOf({ 'disable-admission-plugins': 'Initializers' }), {
    message: 'disable-admission-plugins plugin "Initializers" is unknown',
  });
});

/** Messages of kube-apiserver 1.36.2. */
const refusals: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [{ 'enable-admission-plugins': 'Nope' }, 'enable-admission-plugins plugin "Nope" is unknown'],
  [{ 'disable-admission-plugins': 'Nope' }, 'disable-admission-plugins plugin "Nope" is unknown'],
  [{ 'admission-control': 'Nope' }, 'admission-control plugin "Nope" is unknown'],
  [
    { 'enable-admission-plugins': 'Priority,LimitRanger', 'disable-admission-plugins': 'LimitRanger,Priority' },
    '[LimitRanger Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
  ],
  [
    { 'admission-control': 'Priority', 'enable-admission-plugins': 'Nope' },
    '[admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive, enable-admission-plugins plugin "Nope" is unknown]',
  ],
];

for (const [flags, message] of refusals) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => selectionOf(flags),
      (error) => error instanceof ComponentArgumentError && error.message === message,
    );
  });
}
