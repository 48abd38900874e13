/** What an error says, and what anything else that was thrown is as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
