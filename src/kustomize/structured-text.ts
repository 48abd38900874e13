import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { lookupFieldPath, type MadeKind, matchFieldPath } from './field-path.ts';
import { reasonOf } from './build-error.ts';
import type { YamlNode } from './yaml-node.ts';
import { readYamlNode, tryReadYamlNode } from './yaml-reader.ts';
import { nodeText } from './yaml-text.ts';

/**
 * Sets a value inside of a text that is JSON or YAML itself, as those in config maps are: the path leads to the text
 * and goes on within it. The text stays JSON or YAML. False where the path leads into no such text.
 */
export function setInStructuredText(
  root: YamlNode,
  path: readonly string[],
  made: MadeKind,
  set: (node: YamlNode) => void,
): boolean {
  for (let length = 1; length < path.length; length++) {
    const scalar = tryLookup(root, path.slice(0, length));
    if (scalar?.kind !== 'scalar') continue;
    const inside = tryReadYamlNode(scalar.text);
    if (inside === undefined) continue;
    try {
      const targets = matchFieldPath(inside, path.slice(length), made);
      if (targets.length === 0) return false;
      for (const target of targets) set(target);
    } catch (error) {
      reasonOf(error);
      return false;
    }
    scalar.text = written(inside, scalar.text);
    return true;
  }
  return false;
}

function tryLookup(root: YamlNode, path: readonly string[]): YamlNode | undefined {
  try {
    return lookupFieldPath(root, path);
  } catch (error) {
    reasonOf(error);
    return undefined;
  }
}

function written(node: YamlNode, before: string): string {
  const text = nodeText(node);
  if (!/^[{[]/.test(before.trim())) return text.trim();
  const isIndented = before.includes('\n') && before.includes('  ');
  return stringifyGoJson(readYamlNode(text)?.toJson() ?? null, isIndented ? '  ' : '');
}
