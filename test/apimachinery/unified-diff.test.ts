import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unifiedDiff } from '../../src/apimachinery/unified-diff.ts';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

const cases: readonly [title: string, left: string, right: string, expected: string][] = [
  ['the same', 'a\nb', 'a\nb', ''],
  ['one line', 'a', 'b', '@@ -1 +1 @@\n-a\n+b\n'],
  ['a line between others', 'a\nc', 'a\nb\nc', '@@ -1,2 +1,3 @@\n a\n+b\n c\n'],
  ['a line that goes', 'a\nb\nc', 'a\nc', '@@ -1,3 +1,2 @@\n a\n-b\n c\n'],
  [
    'two places far apart',
    numbered(20).join('\n'),
    numbered(20)
      .map((line) => (line === 'line 2' || line === 'line 18' ? `${line}!` : line))
      .join('\n'),
    [
      '@@ -1,5 +1,5 @@',
      ' line 1',
      '-line 2',
      '+line 2!',
      ' line 3',
      ' line 4',
      ' line 5',
      '@@ -15,6 +15,6 @@',
      ' line 15',
      ' line 16',
      ' line 17',
      '-line 18',
      '+line 18!',
      ' line 19',
      ' line 20',
      '',
    ].join('\n'),
  ],
  // In a long text, lines that stand everywhere do not lead the comparison, and are kept beside those that do.
  [
    'a long text with a line that stands everywhere',
    numbered(110)
      .flatMap((line) => [line, 'end'])
      .join('\n'),
    numbered(110)
      .flatMap((line) => (line === 'line 50' ? [] : [line, 'end']))
      .join('\n'),
    '@@ -96,8 +96,6 @@\n end\n line 49\n end\n-line 50\n-end\n line 51\n end\n line 52\n',
  ],
];

describe('unifiedDiff', () => {
  for (const [title, left, right, expected] of cases) {
    it(title, () => assert.equal(unifiedDiff(left, right), expected));
  }
});
