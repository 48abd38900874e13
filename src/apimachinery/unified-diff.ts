/** A run of lines that both texts have: where it begins in each, and how many lines it is long. */
interface Match {
  readonly left: number;
  readonly right: number;
  readonly size: number;
}

/** How a part of one text becomes a part of the other; ends are exclusive. */
interface Edit {
  readonly tag: 'equal' | 'change';
  readonly leftStart: number;
  readonly leftEnd: number;
  readonly rightStart: number;
  readonly rightEnd: number;
}

/** From here on, lines that stand everywhere are not used to find what two texts have in common. */
const linesForPopularity = 200;

/**
 * The difference of two texts in the unified form, without names of files: the same as the one of Python's difflib,
 * which looks for the longest common run, and then left and right of it. Empty when both are the same.
 */
export function unifiedDiff(left: string, right: string, context = 3): string {
  const [before, after] = [left.split('\n'), right.split('\n')];
  const lines: string[] = [];
  for (const group of groupEdits(findEdits(before, after), context)) {
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined) continue;
    const ranges = [formatRange(first.leftStart, last.leftEnd), formatRange(first.rightStart, last.rightEnd)];
    lines.push(`@@ -${ranges[0] ?? ''} +${ranges[1] ?? ''} @@`);
    for (const { tag, leftStart, leftEnd, rightStart, rightEnd } of group) {
      if (tag === 'equal') {
        lines.push(...before.slice(leftStart, leftEnd).map((line) => ` ${line}`));
        continue;
      }
      lines.push(...before.slice(leftStart, leftEnd).map((line) => `-${line}`));
      lines.push(...after.slice(rightStart, rightEnd).map((line) => `+${line}`));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function formatRange(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}

function findEdits(before: readonly string[], after: readonly string[]): Edit[] {
  const edits: Edit[] = [];
  let [left, right] = [0, 0];
  for (const match of [...findMatches(before, after), { left: before.length, right: after.length, size: 0 }]) {
    if (left < match.left || right < match.right) {
      edits.push({ tag: 'change', leftStart: left, leftEnd: match.left, rightStart: right, rightEnd: match.right });
    }
    [left, right] = [match.left + match.size, match.right + match.size];
    if (match.size > 0) {
      edits.push({ tag: 'equal', leftStart: match.left, leftEnd: left, rightStart: match.right, rightEnd: right });
    }
  }
  return edits;
}

/** All common runs in order, those that touch joined. */
function findMatches(before: readonly string[], after: readonly string[]): Match[] {
  const places = linePlaces(after);
  const found: Match[] = [];
  const pending: (readonly [number, number, number, number])[] = [[0, before.length, 0, after.length]];
  for (let area = pending.pop(); area !== undefined; area = pending.pop()) {
    const [leftLow, leftHigh, rightLow, rightHigh] = area;
    const match = longestMatch(before, after, places, area);
    if (match.size === 0) continue;
    found.push(match);
    if (leftLow < match.left && rightLow < match.right) pending.push([leftLow, match.left, rightLow, match.right]);
    const [left, right] = [match.left + match.size, match.right + match.size];
    if (left < leftHigh && right < rightHigh) pending.push([left, leftHigh, right, rightHigh]);
  }
  found.sort((one, other) => one.left - other.left || one.right - other.right);
  const joined: Match[] = [];
  for (const match of found) {
    const last = joined.at(-1);
    if (last !== undefined && last.left + last.size === match.left && last.right + last.size === match.right) {
      joined[joined.length - 1] = { ...last, size: last.size + match.size };
    } else joined.push(match);
  }
  return joined;
}

/** Where each line stands, without those that stand too often in a long text. */
function linePlaces(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  lines.forEach((line, index) => {
    const known = places.get(line);
    if (known === undefined) places.set(line, [index]);
    else known.push(index);
  });
  if (lines.length < linesForPopularity) return places;
  const most = Math.floor(lines.length / 100) + 1;
  for (const [line, indexes] of places) if (indexes.length > most) places.delete(line);
  return places;
}

/** The longest common run within an area, the first of several; it grows over lines that are not looked for. */
function longestMatch(
  before: readonly string[],
  after: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [leftLow, leftHigh, rightLow, rightHigh]: readonly [number, number, number, number],
): Match {
  let [left, right, size] = [leftLow, rightLow, 0];
  let lengths = new Map<number, number>();
  for (let index = leftLow; index < leftHigh; index++) {
    const next = new Map<number, number>();
    for (const place of places.get(before[index] ?? '') ?? []) {
      if (place < rightLow || place >= rightHigh) continue;
      const length = (lengths.get(place - 1) ?? 0) + 1;
      next.set(place, length);
      if (length > size) [left, right, size] = [index - length + 1, place - length + 1, length];
    }
    lengths = next;
  }
  while (left > leftLow && right > rightLow && before[left - 1] === after[right - 1]) {
    [left, right, size] = [left - 1, right - 1, size + 1];
  }
  while (left + size < leftHigh && right + size < rightHigh && before[left + size] === after[right + size]) size++;
  return { left, right, size };
}

/** Changes with some lines around them; those that are near each other stand in one group. */
function groupEdits(edits: readonly Edit[], context: number): Edit[][] {
  const trimmed = [...edits];
  const [first, last] = [trimmed[0], trimmed.at(-1)];
  if (first?.tag === 'equal') trimmed[0] = withEnd(first, context);
  if (last?.tag === 'equal') trimmed[trimmed.length - 1] = withStart(trimmed.at(-1) ?? last, context);
  const groups: Edit[][] = [];
  let group: Edit[] = [];
  for (const edit of trimmed) {
    if (edit.tag === 'equal' && edit.leftEnd - edit.leftStart > 2 * context) {
      groups.push([...group, withStart(edit, context)]);
      group = [withEnd(edit, context)];
    } else group.push(edit);
  }
  groups.push(group);
  return groups.filter((edits) => edits.some(({ tag }) => tag === 'change'));
}

/** The last lines of what is equal. */
function withEnd(edit: Edit, lines: number): Edit {
  const cut = Math.max(0, edit.leftEnd - edit.leftStart - lines);
  return { ...edit, leftStart: edit.leftStart + cut, rightStart: edit.rightStart + cut };
}

/** The first lines of what is equal. */
function withStart(edit: Edit, lines: number): Edit {
  const cut = Math.max(0, edit.leftEnd - edit.leftStart - lines);
  return { ...edit, leftEnd: edit.leftEnd - cut, rightEnd: edit.rightEnd - cut };
}
