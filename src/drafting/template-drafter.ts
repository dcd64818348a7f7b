import type { Draft, Drafter, DraftRequest } from './drafter.ts';
import { fillTemplate, signedOnce } from './fill-template.ts';
import { blankWarnings } from './open-blanks.ts';
import { type Pick, pickTemplate } from './pick-template.ts';

const TEMPLATE_DRAFTER = 'template';

/** The embedded default: no account, no network, and not one fact that is not in the template or the mail. */
export const templateDrafter: Drafter = {
  name: TEMPLATE_DRAFTER,
  draft: (request) => Promise.resolve(draftFromTemplate(request)),
};

export function draftFromTemplate(request: DraftRequest): Draft {
  const pick = pickTemplate(request);
  const previous = request.previousReply ?? '';
  if (previous.trim() !== '' && !pick?.asked) return keep(previous, request.feedback);
  if (!pick) {
    return {
      decision: 'reply',
      reply: signedOnce(request.instruction, request.me.signature),
      drafter: TEMPLATE_DRAFTER,
      ...(request.instruction === ''
        ? {
            verdictLine: 'No template fits, so the reply is for you to write.',
            warnings: ['Draft: there is no reply in this note yet.'],
          }
        : { verdictLine: 'Your words as you wrote them: no template fits.', warnings: [] }),
    };
  }
  const filled = fillTemplate(pick.template.body, {
    name: request.addressee,
    subject: request.mail.subject,
    my_name: request.me.name,
    signature: request.me.signature,
    // A mail that the user begins; without a word of theirs it stays a blank.
    ...(request.kind === 'email_new' ? { message: request.instruction || '[your message]' } : {}),
  });
  const text = /\{\{\s*signature\s*\}\}/i.test(pick.template.body)
    ? filled.text
    : signedOnce(filled.text, request.me.signature);
  return {
    decision: 'reply',
    reply: text,
    drafter: TEMPLATE_DRAFTER,
    templateName: pick.template.name,
    verdictLine: lineFor(pick, request),
    warnings: [
      ...filled.unknown.map((p) => `Draft: the template leaves ${p} open; replace it before you approve.`),
      ...blankWarnings(text, request.mail.subject),
    ],
  };
}

/** A template cannot follow words, so it does not touch what the user may have written. */
function keep(reply: string, feedback: string): Draft {
  const asked = feedback.trim() !== '';
  return {
    decision: 'reply',
    reply,
    drafter: TEMPLATE_DRAFTER,
    verdictLine: asked
      ? 'Your reply is unchanged: the template drafter cannot follow feedback. Ask for a template there (“template Reply”), or edit the reply.'
      : 'Your reply is unchanged.',
    warnings: [],
  };
}

function lineFor(pick: Pick, { feedback, instruction }: DraftRequest): string {
  const name = `template “${pick.template.name}”`;
  if (instruction !== '' && /\{\{\s*message\s*\}\}/i.test(pick.template.body))
    return `Your words in the ${name}.`;
  if (pick.asked) return `From the ${name}, as you asked.`;
  const why = pick.found.length > 0 ? ` (${pick.found.slice(0, 3).join(', ')})` : '';
  const honest = feedback.trim() === '' ? '' : ' The template drafter cannot follow feedback.';
  return `From the ${name}${why}.${honest}`;
}
