const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = String.raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])`;
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = String.raw`[\w][\w.-]{0,127}`;
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${host}(?::[0-9]+)?/)?${part}(?:/${part})*(?::${tag})?(?:@${digest})?$`);

/** Whether a text names an image: `[host[:port]/]path[:tag][@digest]`, as the distribution project defines it. */
export function isImageReference(text: string): boolean {
  return reference.test(text);
}
