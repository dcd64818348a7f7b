/**
 * Named places where a process may die. Stages call `at(point)` there; in tests the process kills itself
 * (SIGKILL) at one of them. docs/states.md says for each what is on disk and who repairs it.
 */
export const CRASH_POINTS = [
  'watcher:attachment-saved',
  'watcher:note-created',
  'watcher:ledger-written',
  'watcher:cursor-written',
  'takeover:announced',
  'takeover:marked',
  'replier:claimed',
  'replier:settled',
  'replier:request-created',
  'replier:books-claimed',
  'replier:books-asked',
  'replier:books-drafted',
  'replier:draft-written',
  'replier:offer-recorded',
  'replier:offered',
  'handler:claimed',
  'handler:sealed',
  'handler:effect-returned',
  'handler:filed',
  'handler:outcome-written',
  'handler:done',
  'handler:bounce-written',
  'handler:bounced',
  'handler:doubt-answered',
  'invoice:doubt-settled',
  'invoice:pdf-kept',
  'invoice:mail-recorded',
  'invoice:mail-offered',
  'email-mcp:attempt-recorded',
  'email-mcp:transmitting',
  'email-mcp:accepted',
  'email-mcp:result-written',
  'odoo-mcp:attempt-recorded',
  'odoo-mcp:posting',
  'odoo-mcp:posted',
  'odoo-mcp:result-written',
  'tokens:received',
  'tokens:kept',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];
export type At = (point: CrashPoint) => void;
