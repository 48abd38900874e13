import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareSemanticVersions,
  parseSemanticVersion,
  type SemanticVersion,
} from '../../src/apimachinery/semantic-version.ts';

function parsed(text: string): SemanticVersion {
  const version = parseSemanticVersion(text);
  assert.ok(version !== undefined, text);
  return version;
}

/** The order of https://semver.org, 11. */
const inOrder = [
  '0.9.10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.10.0',
];

test('versions have the order of the specification', () => {
  for (const [index, text] of inOrder.entries()) {
    assert.equal(compareSemanticVersions(parsed(text), parsed(`${text}+build.7`)), 0, text);
    for (const later of inOrder.slice(index + 1)) {
      assert.ok(compareSemanticVersions(parsed(text), parsed(later)) < 0, `${text} ${later}`);
      assert.ok(compareSemanticVersions(parsed(later), parsed(text)) > 0, `${later} ${text}`);
    }
  }
});

test('what is no version is not read', () => {
  for (const text of ['', '1', '1.2', 'v1.2.3', '01.2.3', '1.2.3-', '1.2.3-01', '1.2.3+', '1.2.3.4', '1.2.3 ']) {
    assert.equal(parseSemanticVersion(text), undefined, text);
  }
});
