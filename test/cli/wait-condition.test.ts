import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWaitCondition } from '../../src/cli/wait-condition.ts';
import { CommandError } from '../../src/cli/command.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default' },
  spec: { items: [{ name: 'a', image: 'x=y' }, { name: 'b' }], ready: true },
};

// What kubectl 1.36 says to each.
test('the sign before the value of a jsonpath is the one that stands alone', () => {
  const cases: [string, boolean][] = [
    ['{.metadata.name}', true],
    ['{.metadata.name}=default', true],
    ['{.metadata.name}="default"', true],
    ["{.metadata.name}=''default''", true],
    ['{.metadata.name}=other', false],
    ['metadata.name=default', true],
    ['spec.items[?(@.name=="b")].name=b', true],
    ['spec.items[?(@.name=="b")].image', false],
    ['{.spec.items[?(@.name=="a")].name}=a', true],
    ['{.spec.ready}=true', true],
  ];
  for (const [path, expected] of cases) {
    assert.equal(parseWaitCondition(`jsonpath=${path}`).holds(object), expected, path);
  }
  const form =
    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'";
  const path =
    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
  const refusals: [string, string][] = [
    ['a=b=c', form],
    ['{.metadata.name}=def=ault', form],
    ['=x', 'jsonpath expression cannot be empty'],
    ['', 'jsonpath expression cannot be empty'],
    ['{.a}==1', path],
    ["'{.metadata.name}'=default", path],
    ['{.a}=', "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"],
    ['{.a}=""', "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"],
  ];
  for (const [text, message] of refusals) {
    assert.throws(() => parseWaitCondition(`jsonpath=${text}`), new CommandError(message), text);
  }
});
