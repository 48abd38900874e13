/** A server did not switch to the protocol that it was asked for. */
export class UpgradeError extends Error {
  /** HTTP status of the answer; 101 when it switched to something else. */
  readonly status: number;
  /** What the server says. */
  readonly reason: string;

  constructor(status: number, text: string) {
    const reason = reasonIn(text);
    super(`unable to upgrade connection: ${reason}`);
    this.reason = reason;
    this.name = 'UpgradeError';
    this.status = status;
  }
}

/** What an answer says: the message of a Status (or of what looks like one), else its text. */
function reasonIn(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { readonly message?: unknown; readonly error?: unknown };
    for (const reason of [message, error]) if (typeof reason === 'string' && reason.trim() !== '') return reason.trim();
  } catch {
    // Plain text.
  }
  return text.trim() === '' ? 'empty server response' : text.trim();
}
