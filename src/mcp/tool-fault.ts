/** What a client of ours reads from a tool that failed; the text is made in tool.ts. */
export interface ToolFault {
  /** Of the fault, or `internal error`, or `no-answer` when the server said nothing that we understand. */
  readonly code: string;
  /** For the reader; '' where the fault was not made to be read. */
  readonly words: string;
}

const SHAPE = /^[a-z_]{1,60} failed: (?<code>internal error|[\w-]{1,60})(?:: (?<words>.{1,600}))?$/su;

/** @param content `content` of a result with `isError` */
export function toolFault(content: unknown): ToolFault {
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const said = typeof first === 'object' && first !== null && 'text' in first ? first.text : undefined;
  const groups = typeof said === 'string' ? SHAPE.exec(said)?.groups : undefined;
  return { code: groups?.['code'] ?? 'no-answer', words: groups?.['words'] ?? '' };
}
