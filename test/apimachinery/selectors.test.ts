import assert from 'node:assert/strict';
import test from 'node:test';
import { formatFieldSelector, matchesFields, parseFieldSelector } from '../../src/apimachinery/field-selector.ts';
import {
  formatLabelSelector,
  labelSelectorMatches,
  matchesLabels,
  parseLabelSelector,
} from '../../src/apimachinery/labels.ts';

const labels = { app: 'web', tier: 'front', n: '5', empty: '' };
const matching: readonly (readonly [string, boolean, string])[] = [
  ['', true, ''],
  ['app=web', true, 'app=web'],
  ['app==web', true, 'app==web'],
  ['app!=web', false, 'app!=web'],
  ['x!=web', true, 'x!=web'],
  ['app in (web, db)', true, 'app in (db,web)'],
  ['app notin (web)', false, 'app notin (web)'],
  ['x notin (web)', true, 'x notin (web)'],
  ['app', true, 'app'],
  ['!app', false, '!app'],
  ['!x', true, '!x'],
  ['n>4', true, 'n>4'],
  ['n<5', false, 'n<5'],
  ['tier=front,app=web', true, 'app=web,tier=front'],
  ['empty=', true, 'empty='],
  ['empty in ()', true, 'empty in ()'],
  ['in in (in,notin)', false, 'in in (in,notin)'],
  ['app in (,web)', true, 'app in (,web)'],
];
for (const [text, expected, formatted] of matching) {
  void test(`label selector ${JSON.stringify(text)}`, () => {
    const selector = parseLabelSelector(text);
    assert.equal(matchesLabels(selector, labels), expected);
    assert.equal(formatLabelSelector(selector), formatted);
  });
}

const shape =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelErrors: readonly (readonly [string, string])[] = [
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a=b c', "found 'c', expected: ',' or 'end of string'"],
  ['a,', "found '', expected: identifier after ','"],
  [',a', "found ',', expected: !, identifier, or 'end of string'"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ['$a=b', `unable to parse requirement: <nil>: Invalid value: "$a": ${shape}`],
  [
    'a>b',
    `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
  ['a==b==c', "found '==', expected: ',' or 'end of string'"],
];
for (const [text, message] of labelErrors) {
  void test(`label selector ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseLabelSelector(text), { message });
  });
}

void test('selectors of objects', () => {
  assert.equal(labelSelectorMatches(undefined, labels), false);
  assert.equal(labelSelectorMatches({}, labels), true);
  const expressions = [{ key: 'app', operator: 'In', values: ['web'] }];
  assert.equal(labelSelectorMatches({ matchLabels: { tier: 'front' }, matchExpressions: expressions }, labels), true);
  assert.throws(() => labelSelectorMatches({ matchExpressions: [{ key: 'a', operator: 'Like' }] }, labels), {
    message: '"Like" is not a valid label selector operator',
  });
});

void test('field selectors', () => {
  const selector = parseFieldSelector('metadata.name=a,status.phase!=Running,x==b\\,c\\=d');
  assert.deepEqual(selector, [
    { field: 'metadata.name', operator: '=', value: 'a' },
    { field: 'status.phase', operator: '!=', value: 'Running' },
    { field: 'x', operator: '=', value: 'b,c=d' },
  ]);
  assert.equal(formatFieldSelector(selector), 'metadata.name=a,status.phase!=Running,x=b\\,c\\=d');
  assert.equal(
    matchesFields(parseFieldSelector('a!=b'), () => 'b'),
    false,
  );
});

for (const [text, message] of [
  ['abc', "invalid selector: 'abc'; can't understand 'abc'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
] as const) {
  void test(`field selector ${text} is refused`, () => assert.throws(() => parseFieldSelector(text), { message }));
}
