/** The page that lists the mail of one day that got no card. */

/** Lines on the page; the rest is counted. */
export const MAX_SHOWN_SKIPPED = 500;

/** Relative to the vault. @param day `YYYY-MM-DD` in the vault's time zone. */
export function skippedPageName(day: string): string {
  return `Updates/cloud-agent/Skipped-${day}.md`;
}

/** @param shown lines of Markdown, harmless already; @param count of all mails. */
export function skippedPage(day: string, count: number, shown: readonly string[]): string {
  const more = count - shown.length;
  const lines = more > 0 ? [...shown, `- and ${more} more in \`Skipped\``] : shown;
  const said = count === 1 ? '1 mail was skipped.' : `${count} mails were skipped.`;
  return `# Skipped on ${day}\n\n${said} Move a note to \`Needs_Action/email\` to have an answer drafted.\n\n${lines.join('\n')}\n`;
}

/** What a page counts; null for a page that is none of ours. */
export function skippedCount(page: string): number | null {
  const found = /^# Skipped on \d{4}-\d{2}-\d{2}\n\n(\d{1,7}) mails? (?:was|were) skipped\./.exec(page)?.[1];
  return found === undefined ? null : Number(found);
}
