import type { FlagDefinition } from './command.ts';
import { type CommandEntry, commandGroups, pluginGroup } from './command-table.ts';
import { shownDefault } from './flag-values.ts';

/** What a help page is made of. */
export interface HelpPage {
  /** `kubectl config view`. */
  readonly commandPath: string;
  readonly usage: string;
  readonly about: string;
  readonly aliases: readonly string[];
  readonly examples: string;
  readonly flags: readonly FlagDefinition[];
  /** Subcommands to list. */
  readonly children: readonly CommandEntry[];
}

const globalHint = 'Use "kubectl options" for a list of global command-line options (applies to all commands).\n';

/** Writes a help page in kubectl's layout. */
export function renderHelp(page: HelpPage): string {
  const sections: string[] = [];
  if (page.about !== '') sections.push(`${page.about.trim()}\n`);
  if (page.aliases.length > 0) {
    const name = page.commandPath.split(' ').at(-1) ?? '';
    sections.push(`Aliases:\n${[name, ...page.aliases].join(', ')}\n`);
  }
  if (page.examples !== '') sections.push(`Examples:\n${indent(page.examples)}\n`);
  sections.push(...childSections(page.children));
  const flags = page.flags.filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined);
  if (flags.length > 0) sections.push(`Options:\n${renderFlags(flags)}`);
  const options = page.usage.includes('[options]') ? '' : ' [options]';
  sections.push(`Usage:\n  ${page.commandPath}${page.usage === '' ? '' : ` ${page.usage}`}${options}\n`);
  const childHint =
    page.children.length > 0
      ? `Use "${page.commandPath} <command> --help" for more information about a given command.\n`
      : '';
  sections.push(`${childHint}${globalHint}`);
  return sections.join('\n');
}

/** A block per flag: its forms with the default, then what it does. */
export function renderFlags(flags: readonly FlagDefinition[]): string {
  return [...flags]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((flag) => {
      const short = flag.shorthand === undefined ? '' : `-${flag.shorthand}, `;
      return `    ${short}--${flag.name}=${shownDefault(flag)}:\n\t${flag.description}\n`;
    })
    .join('\n');
}

function childSections(children: readonly CommandEntry[]): string[] {
  const byGroup = new Map<string, CommandEntry[]>();
  for (const child of children) {
    if (child.hidden === true) continue;
    const group = child.group ?? 'Available Commands:';
    byGroup.set(group, [...(byGroup.get(group) ?? []), child]);
  }
  const shown = [...byGroup.values()].flat();
  if (shown.some(({ group }) => group !== undefined) && !byGroup.has(pluginGroup)) byGroup.set(pluginGroup, []);
  const width = Math.max(11, ...shown.map(({ path }) => path.at(-1)?.length ?? 0));
  const place = (group: string): number => commandGroups.indexOf(group);
  const groups = [...byGroup].toSorted(([left], [right]) => place(left) - place(right));
  return groups.map(([group, entries]) => {
    const ownWidth = group === pluginGroup ? 11 : width;
    const lines = entries.map(({ path, short }) => `  ${(path.at(-1) ?? '').padEnd(ownWidth)}   ${short}\n`);
    return `${group}\n${lines.join('')}`;
  });
}

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line.trim()}`)
    .join('\n');
}
