import assert from 'node:assert/strict';
import test from 'node:test';
import { createEnvironment } from '../../src/cel/environment.ts';
import { CelCostError } from '../../src/cel/evaluator.ts';
import { celFromJson, celFromSchema, jsonFromCel } from '../../src/cel/json-values.ts';
import { jsonPatchLibrary } from '../../src/cel/library/texts.ts';
import { types } from '../../src/cel/types.ts';
import { CelEvaluationError, type CelValue } from '../../src/cel/values.ts';

const environment = createEnvironment({
  variables: { object: types.dyn, name: types.string, missing: types.dyn },
  libraries: [jsonPatchLibrary],
});
const object = celFromJson({
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: { replicas: 3, ratio: 0.5, items: [{ n: 1 }, { n: 2 }], empty: null },
});

function activation(variable: string): CelValue | undefined {
  return variable === 'object' ? object : variable === 'name' ? 'web' : undefined;
}

function evaluate(text: string): CelValue {
  return environment.compile(text).evaluate(activation).value;
}

/** Expressions that must be true. */
const truths = `
'%s %d'.format(['a', 1]) == 'a 1'
'%e'.format([1234.5]) == '1.234500×10⁰³'
'%.2e'.format([12345.678]) == '1.234568×10⁰⁴'
'%.0f %.0f %.1f %.1f'.format([2.5, 3.5, 0.25, -0.35]) == '2 4 0.2 -0.3'
'%.2f %.2f %.2f %.1f %.1f %.1f'.format([2.345, 1.005, 0.125, -0.35, 0.35, 0.45]) == '2.35 1.00 0.12 -0.3 0.3 0.5'
'%.2f %.2f %.2f %.2f %.2f'.format([0.005, 0.015, 0.025, 1.115, 10.045]) == '0.01 0.01 0.03 1.11 10.04'
!has(dyn(1).a) && !has({'a': dyn(1)}.a.b) && dyn(1).?a.orValue(2) == 2 && dyn(1)[?0].orValue(2) == 2
quantity('1Ti').isInteger() && quantity('0.5').add(quantity('0')).isInteger() == false && quantity('1k').add(1).asInteger() == 1001
!quantity('1.0').isInteger() && !quantity('1000m').isInteger() && !quantity('1Pi').isInteger() && !quantity('2.7').add(quantity('300m')).isInteger()
string(quantity('99999999999999999999').asApproximateFloat()) == '1e+20'
string(quantity('5.1').asApproximateFloat()) == '5.1000000000000005' && quantity('1').add(1) == quantity('2')
1 + 2 * 3 == 7
7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1
1u + 2u == 3u
1.5 + 1.5 == 3.0
1 < 2u && 1 < 1.5 && 2u > 1.5
dyn(1) == 1.0 && dyn(1u) == 1
'a' + 'b' == 'ab' && b'a' + b'b' == b'ab'
[1, 2] + [3] == [1, 2, 3]
'\\u00e9\\x41\\101' == 'éAA'
r'\\n' == '\\\\n' && """a"b""" == 'a"b'
b'\\xff' == b'\\377' && size(b'é') == 2 && size('é') == 1
{'a': 1}['a'] == 1 && {'a': 1}.a == 1 && 'a' in {'a': 1} && !('b' in {'a': 1})
2 in [1, 2] && !(3 in [1, 2])
[1, 2, 3].all(x, x > 0) && [1, 2, 3].exists(x, x == 2) && [1, 2, 3].exists_one(x, x > 2)
[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].filter(x, x > 1) == [2, 3] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6]
{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])
[[1], [2, 3]].map(l, l.map(x, x + 1)) == [[2], [3, 4]]
[1, 0].exists(x, 1 / x == 1)
!([0, 1].all(x, x == 1 && 1 / x == 1))
[0, 1].exists(x, 1 / x > 0)
[1, 2].all(i, v, i < v) && [3, 4].exists(i, v, i == 1 && v == 4) && {'a': 1}.existsOne(k, v, v == 1)
[3, 4].transformList(i, v, i + v) == [3, 5] && [3, 4].transformList(i, v, i > 0, v) == [4]
{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && ['x'].transformMapEntry(i, v, {v: i}) == {'x': 0}
has(object.metadata.name) && !has(object.metadata.namespace) && has(object.spec.replicas)
object.spec.replicas == 3 && object.spec.ratio == 0.5 && object.spec.empty == null
object.spec.items.all(i, i.n > 0) && object.spec.items[1].n == 2
object.metadata.labels.app == name
object.?metadata.?namespace.orValue('default') == 'default'
object.?metadata.name.hasValue() && object.metadata[?'x'] == optional.none()
optional.of(1).optMap(x, x + 1).value() == 2 && optional.none().or(optional.of(1)).value() == 1
optional.of({'a': 1}).optFlatMap(m, m.?a).orValue(0) == 1 && optional.ofNonZeroValue('') == optional.none()
[?optional.of(1), ?optional.none()] == [1] && {?'a': optional.none()} == {}
[1, 2][?5] == optional.none() && [1].first() == optional.of(1) && [1, 2].last().value() == 2
true || 1 / 0 == 1
(1 / 0 == 1) || true
!(false && 1 / 0 == 1) && !((1 / 0 == 1) && false)
true ? true : 1 / 0 == 1
type(1) == int && type('') == string && type([]) == list && type({}) == map && type(null) == null_type
type(1u) == uint && type(1.0) == double && type(type(1)) == type && type(duration('1s')) == google.protobuf.Duration
int('42') == 42 && int(1.9) == 1 && uint(3) == 3u && double('1.5') == 1.5 && string(1) == '1' && bool('true')
string(1e6) == '1e+06' && string(0.5) == '0.5' && string(b'abc') == 'abc' && string(duration('90s')) == '90s'
duration('1h30m') == duration('90m') && duration('1.5s').getMilliseconds() == 1500 && duration('-1ms') < duration('0')
timestamp('2020-02-29T12:34:56.789Z').getFullYear() == 2020 && timestamp('2020-02-29T12:34:56.789Z').getMonth() == 1
timestamp('2020-12-31T00:00:00Z').getDayOfYear() == 365 && timestamp('2021-03-01T00:00:00Z').getDayOfYear() == 59
timestamp('2020-02-29T23:00:00Z').getDate('+02:00') == 1 && timestamp('2020-07-01T12:00:00Z').getHours('Europe/Berlin') == 14
timestamp('2020-01-01T00:00:00Z') + duration('1h') == timestamp('2020-01-01T01:00:00Z')
timestamp('2020-01-01T00:00:01Z') - timestamp('2020-01-01T00:00:00Z') == duration('1s')
string(timestamp('2020-01-01T00:00:00.5+01:00')) == '2020-01-01T00:00:00.5+01:00' && int(timestamp('1970-01-01T00:00:10Z')) == 10
'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'hello'.size() == 5
'abc123'.matches('^[a-z]+[0-9]+$') && matches('x', '(?i)X') && !'a\\nb'.matches('^a.b$') && 'a\\nb'.matches('(?s)^a.b$')
'hello'.charAt(1) == 'e' && 'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('l', 3) == 3
'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && ['a', 'b'].join('-') == 'a-b'
'hello'.replace('l', 'L') == 'heLLo' && 'hello'.replace('l', 'L', 1) == 'heLlo' && ' x '.trim() == 'x'
'hello'.substring(1) == 'ello' && 'hello'.substring(1, 3) == 'el' && 'aB'.upperAscii() == 'AB' && 'aB'.lowerAscii() == 'ab'
'%s is %d (%.2f) %x %b'.format([dyn('a'), dyn(1), dyn(1.5), dyn(255), dyn(5)]) == 'a is 1 (1.50) ff 101' && '%%'.format([]) == '%'
'%s'.format([{'b': dyn([dyn(1), dyn('x')]), 'a': dyn(null)}]) == '{"a":null, "b":[1, "x"]}' && strings.quote('a"b') == '"a\\\\"b"'
[1, 2, 3].sum() == 6 && [1.5, 2.5].sum() == 4.0 && [2, 1].min() == 1 && ['a', 'b'].max() == 'b' && [1, 2].isSorted() && dyn([dyn(1), dyn('a')]).isSorted() == true
[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && ['b', 'a'].sort() == ['a', 'b'] && [1, 1].distinct() == [1]
[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2]].flatten() == [1, 2] && lists.range(3) == [0, 1, 2] && [1, 2].reverse() == [2, 1]
[{'n': 2}, {'n': 1}].sortBy(e, e.n) == [{'n': 1}, {'n': 2}]
sets.contains([1, 2], [2]) && sets.equivalent([1, 2, 2], [2, 1]) && sets.intersects([1], [1, 3])
'abc123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1'] && 'a'.find('b') == ''
url('https://example.com:80/a%20b?k=v&k=w').getHost() == 'example.com:80' && url('https://example.com:80/').getPort() == '80'
url('https://[::1]:80/path?k=v').getHostname() == '::1' && url('/path?k=v').getQuery() == {'k': ['v']} && !isURL('a b') && isURL('/x')
quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1500').add(quantity('500')).asInteger() == 2000 && !isQuantity('x')
quantity('200M').compareTo(quantity('0.2G')) == 0 && sign(quantity('-1')) == -1 && quantity('1k').sub(1).asApproximateFloat() == 999.0
ip('192.168.0.1').family() == 4 && string(ip('2001:0db8::0001')) == '2001:db8::1' && ip.isCanonical('::1') && !isIP('1.2.3')
ip('127.0.0.1').isLoopback() && ip('fe80::1').isLinkLocalUnicast() && ip('8.8.8.8').isGlobalUnicast() && ip('0.0.0.0').isUnspecified()
cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))
cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('::/64').prefixLength() == 64 && string(cidr('10.1.2.3/8').ip()) == '10.1.2.3'
semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-alpha').compareTo(semver('1.0.0')) == -1 && semver('v1.2', true).minor() == 2
isSemver('1.0.0-rc.1+b') && !isSemver('1.0') && !isSemver('01.0.0')
!format.dns1123Label().validate('ok').hasValue() && format.dns1123Label().validate('NO').value().size() > 0
format.named('uuid').value().validate('x').value() == ['does not match the UUID format'] && !format.named('nope').hasValue()
jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'
timestamp('2024-02-29T1:59:59.5+05:30') - duration('1h') == timestamp('2024-02-28T19:29:59.5Z')
string(timestamp('2024-02-29T23:59:59.5+05:30') + duration('1h')) == '2024-03-01T00:59:59.5+05:30'
timestamp('2020-01-01T00:00:00.5+01:00').getHours() == 23 && string(timestamp('2020-01-01T00:00:00-00:30')) == '2020-01-01T00:00:00-00:30'
string(duration('1699092490.499999999s')) == '1699092490.5s' && string(duration('1ns')) == '0.000000001s' && string(duration('-90m')) == '-5400s'
string(-dyn(duration('1s'))) == '-1s' && [ip('::1')] == [dyn(1)] && ip('::1') != dyn(1) && !(dyn(1) in [ip('::1')])
'a' < 'b' && b'a' < b'b' && false < true && '\\U0001F600' > '\\uffff'
`;

test('expressions are true', () => {
  for (const text of truths.trim().split('\n')) {
    let value: CelValue;
    try {
      value = evaluate(text);
    } catch (error) {
      throw new Error(`${text}: ${String(error)}`, { cause: error });
    }
    assert.equal(value, true, text);
  }
});

const failures: readonly (readonly [string, string])[] = [
  ['object.nope', 'no such key: nope'],
  ['object.spec.nope.deeper', 'no such key: nope'],
  ["{'a': 1}['b']", 'no such key: b'],
  ['[1][3]', 'index out of bounds: 3'],
  ['1 / 0', 'division by zero'],
  ['1 % 0', 'modulus by zero'],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['1u - 2u', 'unsigned integer overflow'],
  ["int('x')", "type conversion error from 'string' to 'int'"],
  ["dyn(1) + dyn('a')", 'no such overload'],
  ['dyn([{}]).isSorted()', 'no such overload: isSorted(list)'],
  ['dyn([dyn(1), dyn({})]).isSorted()', 'no such overload'],
  ["dyn(1).startsWith('a')", 'no such overload'],
  ["dyn(1).matches('a')", 'no such overload'],
  ["dyn(1).matches('a' + 'b')", 'no such overload: matches'],
  ["'a'.contains(dyn(1))", 'no such overload'],
  ['dyn(null) + dyn(1)', 'no such overload: _+_'],
  ['dyn({}) - dyn(1)', 'no such overload: _-_'],
  ['dyn(1.0) % dyn(1)', 'no such overload: _%_'],
  ['dyn([1]) < dyn([1])', 'no such overload: _<_'],
  ["dyn('a') * dyn(1)", 'no such overload'],
  ["-dyn('a')", 'no such overload'],
  ['-dyn(null)', 'no such overload: -_'],
  ['!dyn(1)', 'no such overload'],
  ['1 in dyn(1)', 'no such overload'],
  ['size(dyn(1))', 'no such overload: size'],
  ["timestamp('2024-01-01T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')", 'integer overflow'],
  ["ip('10.0.0.1') == dyn('x')", 'no such overload'],
  ['missing', 'no such attribute(s): missing'],
  ['optional.none().value()', 'optional.none() dereference'],
  ["'abc'.charAt(9)", 'index out of range: 9'],
  ["'abc'.substring(2, 1)", 'invalid substring range. start: 2, end: 1'],
  ['[].max()', 'max called on empty list'],
  ["quantity('x')", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  [
    "ip('1.2.3')",
    'IP Address "1.2.3" parse error during conversion from string: ParseAddr("1.2.3"): IPv4 address too short',
  ],
  ["quantity('2') == quantity('1').add(1)", 'no such overload'],
  [
    "cidr('fe80::1%eth0/8')",
    'network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix("fe80::1%eth0/8"): IPv6 zones cannot be present in a prefix',
  ],
  ["url('nope')", 'URL parse error during conversion from string: parse "nope": invalid URI for request'],
  ["object.metadata.name.find('(')", 'Illegal regex: error parsing regexp: missing closing ): `(`'],
];

test('what goes wrong has the words of the real one', () => {
  for (const [text, message] of failures) {
    assert.throws(
      () => evaluate(text),
      (error) => error instanceof CelEvaluationError && error.message === message,
      `${text} should fail with ${message}`,
    );
  }
});

test('what is no address is explained as Go does', () => {
  const problems: readonly (readonly [string, string])[] = [
    ['', 'unable to parse IP'],
    ['%', 'missing IPv6 address'],
    ['1.2.3', 'IPv4 address too short'],
    ['1.2.3.4.5', 'IPv4 address too long'],
    ['1..2.3', 'IPv4 field must have at least one digit (at ".2.3")'],
    ['01.2.3.4', 'IPv4 field has octet with leading zero'],
    ['256.1.1.1', 'IPv4 field has value >255'],
    ['1.2.3.4/8', 'unexpected character (at "/8")'],
    ['http://a', 'each colon-separated field must have at least one digit (at "http://a")'],
    ['1:2:', 'colon must be followed by more characters (at ":")'],
    ['1:2x', 'unexpected character, want colon (at "x")'],
    ['12345::', 'each group must have 4 or less digits (at "12345::")'],
    ['1::2::3', 'multiple :: in address (at ":3")'],
    ['1:2', 'address string too short'],
    ['1:2:3:4:5:6:7:8:9', 'trailing garbage after address (at "9")'],
    ['1:2:3:4:5:6:7::8', 'the :: must expand to at least one field of zeros'],
    ['1:2:1.2.3.4', 'embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4")'],
    ['::1.2.3', 'IPv4 address too short'],
    ['::1%', 'zone must be a non-empty string'],
  ];
  for (const [text, problem] of problems) {
    const message = `IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): ${problem}`;
    assert.throws(() => evaluate(`ip('${text}')`), { message }, text);
  }
});

test('long sums and deep calls are planned once', () => {
  assert.equal(evaluate(Array.from({ length: 100 }, () => 'name').join(' + ')), 'web'.repeat(100));
  assert.equal(evaluate(`${'string('.repeat(60)}name${')'.repeat(60)}`), 'web');
  assert.equal(evaluate(`${'('.repeat(30)}1${' < 2 ? 1 : 0)'.repeat(30)}`), 1n);
});

test('an expression that takes too much work is stopped', () => {
  const heavy = environment.compile('lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))');
  assert.throws(() => heavy.evaluate(activation), CelCostError);
});

test('work is counted as the real one does', () => {
  const costs: readonly (readonly [string, number])[] = [
    ['1', 0],
    ['name', 1],
    ['object.metadata.name', 3],
    ['has(object.metadata.name)', 2],
    ["name == 'web'", 2],
    ["name.startsWith('w')", 2],
    ['[1, 2, 3]', 0],
    ['[name]', 11],
    ["{'a': name}", 31],
    ["name.matches('web')", 2],
    ['[1, 2].all(x, x > 0)', 11],
    ['object.spec.items[0].n', 5],
  ];
  for (const [text, cost] of costs) {
    assert.equal(environment.compile(text).evaluate(activation).cost, cost, text);
  }
});

test('values leave the language as JSON', () => {
  assert.deepEqual(
    jsonFromCel(evaluate("{'a': [dyn(1), dyn(1.5), dyn('x'), dyn(null), dyn(true), dyn(duration('1s')), dyn(2u)]}")),
    {
      a: [1, 1.5, 'x', null, true, '1s', 2],
    },
  );
});

test('of an object with a schema, null fields and those that it does not know are absent', () => {
  const text = { type: 'string', nullable: true };
  const schema = {
    type: 'object',
    properties: {
      none: text,
      any: { type: 'object', properties: { k: text }, 'x-kubernetes-preserve-unknown-fields': true },
      map: { type: 'object', additionalProperties: text },
      list: { type: 'array', items: text },
    },
  };
  const self = celFromSchema({ none: null, any: { k: 'v', zork: 1 }, map: { n: null }, list: ['a'] }, schema);
  const typed = createEnvironment({ variables: { self: types.dyn } });
  const answers: readonly (readonly [string, boolean | string])[] = [
    ['has(self.none)', false],
    ['self.none', 'no such key: none'],
    ['self.?none.hasValue()', false],
    ['has(self.any.zork) || has(self.nope)', false],
    ['self.any.size() == 2 && self.any == self.any', true],
    ['self.map.n == null', true],
    ['self.list == dyn(1)', 'no such overload'],
    ['self.list != dyn(1)', true],
    ['self.map == dyn(1)', 'no such overload'],
    ["self.list + ['b'] == dyn(1)", 'no such overload'],
    ['self.list + [] == dyn(1)', 'no such overload'],
    ['[] + self.list == dyn(1)', 'no such overload'],
    ["['b'] + self.list == dyn(1)", false],
    ["self.list + ['b'] == ['a', 'b']", true],
    ['[self.list] == [dyn(1)]', true],
    ['dyn(1) == self.list', false],
  ];
  for (const [expression, expected] of answers) {
    const compiled = typed.compile(expression);
    try {
      assert.equal(compiled.evaluate((name) => (name === 'self' ? self : undefined)).value, expected, expression);
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      assert.equal(error.message, expected, expression);
    }
  }
});
