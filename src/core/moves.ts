/** What the user can do with a card, as its callout says it: a line for each folder, read at a glance on a phone too. */

export type Move = readonly [folder: string, effect: string];

/** Lines of a callout: a blank one, what to do, the moves. The words are ours alone. */
export function moveLines(moves: readonly Move[]): readonly string[] {
  return ['', '**Move this note to**', ...moves.map(([folder, effect]) => `- \`${folder}\`: ${effect}`)];
}

/** What stands below the moves must not belong to the last of them. */
export function contextLines(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}
