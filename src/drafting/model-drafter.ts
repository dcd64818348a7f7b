import { z } from 'zod';
import { askModel, type ModelSettings, openModel, type Waiting } from './ask-model.ts';
import { cleanReply } from './clean-reply.ts';
import type { Draft, Drafter, DraftRequest } from './drafter.ts';
import { quotedRequest, REQUEST_IN_MAIL } from './found-request.ts';
import { signedOnce } from './fill-template.ts';
import { groundingWarnings } from './grounding.ts';
import { blankWarnings } from './open-blanks.ts';
import { pickTemplate } from './pick-template.ts';
import { promptFor, rulesFor } from './prompt.ts';
import { draftFromTemplate } from './template-drafter.ts';

export interface ModelDrafterDeps extends Waiting {
  now(): number;
  onFailure(why: string): void;
}

const ANSWER = z.object({
  decision: z.enum(['reply', 'no_reply_needed']),
  reply: z.string(),
  summary: z.string(),
});
const WITH_REQUEST = ANSWER.extend({ invoice_request: REQUEST_IN_MAIL.nullable() });
type Answer = z.output<typeof ANSWER> & Partial<z.output<typeof WITH_REQUEST>>;

/** So long a failing endpoint is not asked, or every mail of the night would wait for its time-out. */
const REST_MS = 5 * 60_000;
const FAILURES_BEFORE_REST = 2;

/**
 * Drafts with a language model; whatever goes wrong, the template drafter writes instead and the card says
 * so. The model has no tools and returns text only.
 */
export function modelDrafter(settings: ModelSettings, deps: ModelDrafterDeps): Drafter {
  const model = openModel(settings);
  const name = `${settings.provider} ${settings.model}`;
  let failures = 0;
  let restUntil = 0;

  return {
    name,
    draft: async (request, signal) => {
      signal.throwIfAborted();
      if (deps.now() < restUntil) return instead(request, 'it failed a moment ago and is given a rest');
      const template = pickTemplate(request)?.template.body ?? '';
      const schema: z.ZodType<Answer> = request.findRequest === true ? WITH_REQUEST : ANSWER;
      const answer = await askModel(
        model,
        { rules: rulesFor(request), prompt: promptFor(request, template), schema },
        { timeoutMs: settings.timeoutMs, signal, waiting: deps },
      );
      // Stopping is no failure of the model: the note stays claimed and is drafted after the start.
      signal.throwIfAborted();
      if (answer.ok) {
        failures = 0;
        const draft = fromAnswer(answer.output, request, name, template);
        if (draft) return draft;
      } else {
        failures = answer.down ? failures + 1 : 0;
        if (failures >= FAILURES_BEFORE_REST) restUntil = deps.now() + REST_MS;
      }
      const why = answer.ok ? 'its reply was empty' : answer.why;
      deps.onFailure(why);
      return instead(request, why);
    },
  };
}

function instead(request: DraftRequest, why: string): Draft {
  const draft = draftFromTemplate(request);
  return {
    ...draft,
    warnings: [`Draft: the model was not used, ${why}; this is the template drafter's.`, ...draft.warnings],
  };
}

/** The draft of an answer, or null when nothing of it can be used. */
function fromAnswer(answer: Answer, request: DraftRequest, name: string, template: string): Draft | null {
  const clean = cleanReply(answer.reply);
  if (clean.text === '' && answer.decision === 'reply') return null;
  const warnings: string[] = [];
  if (clean.hidden > 0)
    warnings.push(`Draft: ${clean.hidden} hidden characters were taken out of the model's text.`);
  if (clean.cut) warnings.push('Draft: the model wrote too much; its text was cut.');
  const sources = [
    request.mail.from,
    request.mail.subject,
    request.mail.received,
    request.mail.text,
    ...(request.thread ?? []).flatMap(({ from, text }) => [from, text]),
    request.handbook,
    request.feedback,
    request.instruction,
    request.previousReply ?? '',
    template,
    request.me.signature,
  ];
  warnings.push(...groundingWarnings(clean.text, sources));
  warnings.push(...blankWarnings(clean.text, request.mail.subject));
  const found = request.findRequest === true ? (answer.invoice_request ?? null) : null;
  const invoiceRequest = found === null ? null : quotedRequest(found, request.mail);
  const summary = cleanReply(answer.summary).text.replace(/\s+/g, ' ').slice(0, 160);
  return {
    decision: answer.decision,
    reply: clean.text === '' ? '' : signedOnce(clean.text, request.me.signature),
    drafter: name,
    verdictLine: summary === '' ? `Written by ${name}.` : `${summary} (${name})`,
    warnings,
    ...(invoiceRequest === null ? {} : { invoiceRequest }),
  };
}
