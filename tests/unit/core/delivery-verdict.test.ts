import { describe, expect, it } from 'vitest';
import {
  deliveryVerdict,
  type SubmissionFacts,
  type SubmissionPhase,
} from '../../../src/core/delivery-verdict.ts';

const PHASES: SubmissionPhase[] = [
  'connect',
  'greeting',
  'tls',
  'auth',
  'envelope',
  'data',
  'body',
  'final-reply',
];

function facts(part: Partial<SubmissionFacts>): SubmissionFacts {
  return {
    phase: 'connect',
    fault: 'network',
    replyCode: null,
    words: 'w',
    accepted: [],
    refused: [],
    ...part,
  };
}

const refusal = (code: number) => ({ address: 'b@example.org', code, words: `${code} no` });

describe('the verdict on a submission', () => {
  it.each([
    ['no connection', { phase: 'connect' }, 'retry', 'network'],
    ['the greeting never comes', { phase: 'connect', fault: 'timeout' }, 'retry', 'timeout'],
    ['a 421 greeting', { phase: 'greeting', fault: 'protocol', replyCode: 421 }, 'retry', 'server'],
    [
      'a 554 greeting, which is about the server',
      { phase: 'greeting', fault: 'protocol', replyCode: 554 },
      'retry',
      'server',
    ],
    ['a certificate nobody vouches for', { phase: 'connect', fault: 'tls' }, 'retry', 'tls'],
    ['STARTTLS refused', { phase: 'tls', fault: 'tls', replyCode: 454 }, 'retry', 'tls'],
    ['a wrong password', { phase: 'auth', fault: 'rejected', replyCode: 535 }, 'retry', 'authentication'],
    ['a login server that is down', { phase: 'auth', fault: 'rejected', replyCode: 454 }, 'retry', 'server'],
    [
      'a login asked for at MAIL',
      { phase: 'envelope', fault: 'rejected', replyCode: 530 },
      'retry',
      'authentication',
    ],
    [
      'greylisting',
      { phase: 'envelope', fault: 'rejected', replyCode: 450, refused: [refusal(450)] },
      'retry',
      'server',
    ],
    [
      'all recipients refused',
      { phase: 'envelope', fault: 'rejected', replyCode: 550, refused: [refusal(550)] },
      'failed',
      'recipients',
    ],
    ['the sender refused', { phase: 'envelope', fault: 'rejected', replyCode: 553 }, 'failed', 'content'],
    ['an address that is none', { phase: 'envelope', fault: 'local' }, 'failed', 'local'],
    ['DATA refused for now', { phase: 'data', fault: 'rejected', replyCode: 451 }, 'retry', 'server'],
    ['DATA refused for good', { phase: 'data', fault: 'rejected', replyCode: 554 }, 'failed', 'content'],
    ['a drop before the go-ahead', { phase: 'data' }, 'retry', 'network'],
    ['a drop before our last byte, RFC 5321 section 3.8', { phase: 'body' }, 'retry', 'network'],
    ['451 after the dot', { phase: 'final-reply', fault: 'rejected', replyCode: 451 }, 'retry', 'server'],
    ['552 after the dot', { phase: 'final-reply', fault: 'rejected', replyCode: 552 }, 'failed', 'content'],
    ['554 after the dot', { phase: 'final-reply', fault: 'rejected', replyCode: 554 }, 'failed', 'content'],
  ] as const)('%s: %o is %s because of %s', (_what, part, verdict, cause) => {
    expect(deliveryVerdict(facts(part))).toEqual({ verdict, cause, words: 'w' });
  });

  it.each([
    ['the connection is lost after the final dot', { phase: 'final-reply', fault: 'network' }],
    ['the server is silent after the final dot', { phase: 'final-reply', fault: 'timeout' }],
    ['the reply after the final dot is garbage', { phase: 'final-reply', fault: 'rejected' }],
    [
      'the reply after the final dot has no class of its own',
      { phase: 'final-reply', fault: 'rejected', replyCode: 354 },
    ],
    ['we stopped while waiting for the reply', { phase: 'final-reply', fault: 'aborted' }],
    ['the 250 came before the mail was out', { phase: 'body', fault: null, replyCode: 250 }],
    ['success was told without a code', { phase: 'final-reply', fault: 'protocol' }],
  ] as const)('it is in doubt when %s', (_what, part) => {
    expect(deliveryVerdict(facts(part)).verdict).toBe('in_doubt');
  });

  it('is sent only by a 2xx after the last byte', () => {
    const sent = PHASES.filter(
      (phase) => deliveryVerdict(facts({ phase, fault: null, replyCode: 250 })).verdict === 'sent',
    );
    expect(sent).toEqual(['final-reply']);
  });

  it('lists who did not get a mail that others got, and never calls that a failure to repeat', () => {
    const verdict = deliveryVerdict(
      facts({
        phase: 'final-reply',
        fault: null,
        replyCode: 250,
        accepted: ['a@example.org'],
        refused: [refusal(550)],
      }),
    );
    expect(verdict).toEqual({ verdict: 'sent_partly', words: 'w', refused: [refusal(550)] });
  });
});
