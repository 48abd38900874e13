import assert from 'node:assert/strict';
import test from 'node:test';
import { createEnvironment } from '../../src/cel/environment.ts';
import { CelCompileError } from '../../src/cel/issues.ts';
import { listType, structType, types } from '../../src/cel/types.ts';

const environment = createEnvironment({
  variables: { self: types.string, list: listType(types.int), object: structType('object'), any: types.dyn },
  provider: {
    hasType: (name) => name === 'object',
    fieldType: (name, field) => (name === 'object' && field === 'name' ? types.string : undefined),
  },
});

const starts =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** Column and message of each issue; what a real server answered, or what cel-go's own tests expect. */
const cases: readonly (readonly [string, ...(readonly [number, string])[]])[] = [
  ['self >', [7, `Syntax error: mismatched input '<EOF>' expecting ${starts}`]],
  ['!', [2, `Syntax error: extraneous input '<EOF>' expecting ${starts}`]],
  [
    '!&&',
    [2, `Syntax error: extraneous input '&&' expecting ${starts}`],
    [4, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  [
    '-*',
    [2, "Syntax error: no viable alternative at input '-*'"],
    [2, `Syntax error: mismatched input '*' expecting ${starts}`],
    [3, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  ['!!', [3, `Syntax error: extraneous input '<EOF>' expecting ${starts}`]],
  [
    '-',
    [2, "Syntax error: no viable alternative at input '-'"],
    [2, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  [
    'self > 0 && &&',
    [13, `Syntax error: mismatched input '&&' expecting ${starts}`],
    [15, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  ['self + 1', [6, "found no matching overload for '_+_' applied to '(string, int)'"]],
  [
    'bad ===',
    [7, "Syntax error: token recognition error at: '='"],
    [8, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  ['zork.x', [1, "undeclared reference to 'zork' (in container '')"]],
  ['object.nope', [7, "undefined field 'nope'"]],
  ['has(self)', [5, 'invalid argument to has() macro']],
  [
    'has(object.in)',
    [12, "Syntax error: no viable alternative at input '.in'"],
    [14, `Syntax error: mismatched input ')' expecting ${starts}`],
  ],
  ['list[)', [6, `Syntax error: mismatched input ')' expecting ${starts.replace("'!', ", "'!', '?', ")}`]],
  [
    '({"a": 1, "b": "x"}.?a).optMap(x, x)',
    [16, "expected type 'int' but found 'string'"],
    [16, "expected type 'int' but found 'string'"],
  ],
  ['timestamp(9223372036854775807)', [11, 'invalid timestamp argument']],
  ['self.matches("[")', [14, 'invalid matches argument']],
  ['"%".format([])', [11, 'unexpected end of string']],
  [
    '"x" + "\\q"',
    [7, "Syntax error: token recognition error at: '\"\\q'"],
    [10, "Syntax error: token recognition error at: '\"'"],
    [11, `Syntax error: mismatched input '<EOF>' expecting ${starts}`],
  ],
  [
    '"\\400"',
    [1, "Syntax error: token recognition error at: '\"\\4'"],
    [6, "Syntax error: token recognition error at: '\"'"],
  ],
  ['self == 1', [6, "found no matching overload for '_==_' applied to '(string, int)'"]],
  ['self.nope()', [10, "undeclared reference to 'nope' (in container '')"]],
  ['self.startsWith(1)', [16, "found no matching overload for 'startsWith' applied to 'string.(int)'"]],
  ['self.x', [5, "type 'string' does not support field selection"]],
  [
    'self.all(x, true)',
    [1, "expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)"],
  ],
  ['list.all(1, true)', [10, 'argument must be a simple name']],
  ['list.map(1, true)', [10, 'argument is not an identifier']],
  ['self && true', [1, "expected type 'bool' but found 'string'"]],
  ["[1, 'a']", [5, "expected type 'int' but found 'string'"]],
  ["{'a': 1, 'b': 'c'}", [15, "expected type 'int' but found 'string'"]],
  ['self ? 1 : 2', [6, "found no matching overload for '_?_:_' applied to '(string, int, int)'"]],
  ["duration('x')", [10, 'invalid duration argument']],
  ["timestamp('x')", [11, 'invalid timestamp argument']],
  [
    "'%d'.format(['x'])",
    [14, 'error during formatting: decimal clause can only be used on integers, was given string'],
  ],
  ["'%d %d'.format([1])", [15, 'index 1 out of range']],
  ["'%d'.format([1, 2])", [12, 'too many arguments supplied to string.format (expected 1, got 2)']],
  ['if', [1, 'reserved identifier: if']],
  ['9223372036854775808', [1, 'invalid int literal']],
  ['(1', [3, "Syntax error: missing ')' at '<EOF>'"]],
  ['1 2', [3, "Syntax error: extraneous input '2' expecting <EOF>"]],
  ['[1 2]', [4, "Syntax error: extraneous input '2' expecting {']', ','}"]],
  ['any.true', [5, "Syntax error: mismatched input 'true' expecting IDENTIFIER"]],
  [
    '*@a | b',
    [1, `Syntax error: extraneous input '*' expecting ${starts}`],
    [2, "Syntax error: token recognition error at: '@'"],
    [5, "Syntax error: token recognition error at: '| '"],
    [7, "Syntax error: extraneous input 'b' expecting <EOF>"],
  ],
  ['x{.', [3, "Syntax error: mismatched input '.' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"]],
  ['object{name: 1}', [12, "expected type of field 'name' is 'string' but provided type is 'int'"]],
  ['list.?x', [5, "type 'list(int)' does not support field selection"]],
];

test('issues have the places and words of the real compiler', () => {
  for (const [text, ...issues] of cases) {
    const expected = issues.map(
      ([column, message]) => `ERROR: <input>:1:${column}: ${message}\n | ${text}\n | ${'.'.repeat(column - 1)}^`,
    );
    assert.throws(
      () => environment.compile(text),
      (error) => {
        assert.ok(error instanceof CelCompileError, `${text}: ${String(error)}`);
        assert.equal(error.message, expected.join('\n'), text);
        return true;
      },
    );
  }
});

test('issues show the line they are about, and how wide its characters are', () => {
  assert.throws(() => environment.compile("self ==\n\t'é' + nope"), {
    message: "ERROR: <input>:2:8: undeclared reference to 'nope' (in container '')\n |  'é' + nope\n | ..\uff0e....^",
  });
});

test('an expression that is too long or too deep is refused', () => {
  assert.throws(() => environment.compile('1'.repeat(100_001)), {
    message: 'ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000',
  });
  assert.throws(() => environment.compile(`${'('.repeat(300)}1${')'.repeat(300)}`), {
    message: 'ERROR: <input>:-1:0: expression recursion limit exceeded: 250',
  });
});

test('the types of expressions', () => {
  const typed: readonly (readonly [string, string])[] = [
    ['1 + 1', 'int'],
    ['list.map(x, string(x))', 'list'],
    ['any.x', 'dyn'],
    ['object.name', 'string'],
    ["{'a': 1}", 'map'],
    ['optional.of(1)', 'optional_type'],
    ['[]', 'list'],
    ['self.size() > 1', 'bool'],
  ];
  for (const [text, type] of typed) assert.equal(environment.compile(text).type.name, type, text);
});

void test('conversions of literals that cannot come out are told before the expression runs', () => {
  const failures = {
    'int("x")': "type conversion error from 'string' to 'int'",
    'string(int(1e30)) == "a" || self == "b"': 'integer overflow',
    'double("x") > 1.0': "type conversion error from 'string' to 'double'",
    'int("7") == 7': undefined,
    'int(self) == 7': undefined,
  };
  for (const [text, failure] of Object.entries(failures)) {
    assert.equal(environment.compile(text).instantiationFailure(), failure, text);
  }
});

void test('names of types count as large as what the rule is about, type() as large as can be', () => {
  const costOf = (text: string): number =>
    environment.compile(text).estimateCost(({ path = [] }) => (path.length === 0 ? undefined : { min: 0, max: 100 }))
      .max;
  assert.equal(costOf('type(any) == int'), 13);
  assert.equal(costOf('int == int'), 12);
  assert.ok(costOf('type(any) == type(any)') > 1e15);
});

void test('patterns of searches are compiled with the program', () => {
  const failure = environment.compile('self.find("[") == self').instantiationFailure();
  assert.equal(failure, 'error parsing regexp: missing closing ]: `[`');
});

void test('lists of format() may be mixed, others not', () => {
  assert.equal(environment.compile('"%s %d".format([self, 1])').type.name, 'string');
  assert.throws(() => environment.compile('[self, 1].size() == 2'), /expected type 'string' but found 'int'/);
});

void test('an expression without anything has no place and no line to show', () => {
  assert.throws(() => environment.compile(''), {
    message: `ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting ${starts}`,
  });
});

test('conversions of constants that cannot come out are known beforehand', () => {
  const failures: readonly (readonly [string, string | undefined])[] = [
    ["int('x') == 1", "type conversion error from 'string' to 'int'"],
    ["uint(string(bytes('abc'))) == 1u", "type conversion error from 'string' to 'uint'"],
    ['string(dyn([1])) == self', 'no such overload: string(list)'],
    ["string(dyn({'a': 1})) == self", 'no such overload: string(map)'],
    ["int(self) == 1 && int(string(bytes('1'))) == 1", undefined],
  ];
  for (const [text, expected] of failures) {
    assert.equal(environment.compile(text).instantiationFailure(), expected, text);
  }
});
