/** The log cannot be written. Whoever gets this stops effects first, then stops (design section 8). */
export class AuditFault extends Error {
  readonly code: 'log-folder' | 'log-write' | 'log-head' | 'log-name';
  readonly hint: string;

  constructor(code: AuditFault['code'], message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'AuditFault';
    this.code = code;
    this.hint = hint;
  }
}
