import { goQuote } from './field-error.ts';

/**
 * Text as klog shows it as a field's value: of one line in quotes, of several between marks, each line behind a tab.
 */
export function klogText(text: string): string {
  if (!text.includes('\n')) return goQuote(text);
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  return `<\n\t${lines.replaceAll('\n', '\n\t')}\n >`;
}
