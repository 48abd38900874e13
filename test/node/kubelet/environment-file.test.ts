import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvironmentFileError, environmentFileValue } from '../../../src/node/kubelet/environment-file.ts';

const cases: readonly (readonly [text: string, value: string])[] = [
  ["A='x'", 'x'],
  ["# A='no'\n\n  \t\n  A='x y' # says\nA='later'\n", 'x y'],
  ["B='1'\nA='$HOME \\n \"'\n", '$HOME \\n "'],
  ["A='one\ntwo # three\n'\n", 'one\ntwo # three\n'],
  ["B='A='\r\nA='x'\r\n", 'x'],
  ["A= 'x'\n", ''],
  ["B= x y\nA='x'", 'x'],
  ["AA='x'\n", ''],
  ["A=''\n", ''],
  ['', ''],
  // What comes after it is not looked at.
  ["A='x'\nnonsense", 'x'],
];

for (const [text, value] of cases) {
  test(`a file of variables: ${JSON.stringify(text)}`, () => assert.equal(environmentFileValue(text, 'A'), value));
}

const refused: readonly (readonly [text: string, why: string])[] = [
  ['B', "at line 1: missing '='"],
  ["\n='x'", 'at line 2: empty variable name'],
  ["A ='x'", "at line 1: whitespace before '=' is not allowed"],
  ['A=x', 'at line 1: value must be enclosed in single quotes'],
  ['A="x"', 'at line 1: value must be enclosed in single quotes'],
  ["A='x' y", 'at line 1: unexpected content after closing quote'],
  ["#\nA='x\ny", 'starting at line 2: unclosed single quote'],
];

for (const [text, why] of refused) {
  test(`no file of variables: ${JSON.stringify(text)}`, () => {
    const message = `invalid environment variable format ${why}`;
    assert.throws(() => environmentFileValue(text, 'A'), new EnvironmentFileError(message));
  });
}
