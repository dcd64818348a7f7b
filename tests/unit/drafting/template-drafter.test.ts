import { describe, expect, it } from 'vitest';
import type { DraftRequest } from '../../../src/drafting/drafter.ts';
import { fillTemplate, signedOnce } from '../../../src/drafting/fill-template.ts';
import { readHandbook } from '../../../src/drafting/handbook.ts';
import { guessLanguage } from '../../../src/drafting/language.ts';
import { blankWarnings } from '../../../src/drafting/open-blanks.ts';
import { draftFromTemplate } from '../../../src/drafting/template-drafter.ts';
import { parseTemplate, type Template } from '../../../src/drafting/template.ts';

function template(name: string, change: Partial<Template> = {}): Template {
  return {
    name,
    for: 'email_reply',
    language: 'en',
    keywords: [],
    priority: 0,
    body: `Hello {{name}},\n\n${name}.\n\n{{signature}}`,
    ...change,
  };
}

function request(change: Partial<DraftRequest> = {}): DraftRequest {
  return {
    kind: 'email_reply',
    mail: {
      from: 'Anna <anna@example.org>',
      subject: 'A question',
      received: '',
      text: 'Can you help me with this? Thanks.',
    },
    addressee: 'Anna',
    me: { name: 'Mia', signature: 'Kind regards\nMia' },
    handbook: '',
    feedback: '',
    previousReply: null,
    instruction: '',
    templates: [template('Default')],
    ...change,
  };
}

function about(subject: string, text: string, change: Partial<DraftRequest> = {}): DraftRequest {
  return request({ mail: { from: 'Anna', subject, received: '', text }, ...change });
}

describe('the template drafter', () => {
  it('fills in the name and the signature, and says which template it took', () => {
    const draft = draftFromTemplate(request());
    expect(draft.reply).toBe('Hello Anna,\n\nDefault.\n\nKind regards\nMia');
    expect(draft).toMatchObject({
      decision: 'reply',
      drafter: 'template',
      templateName: 'Default',
      warnings: [],
    });
    expect(draft.verdictLine).toBe('From the template “Default”.');
  });

  it('puts the words of a mail that the user begins where the template wants them', () => {
    const own = template('New mail', {
      for: 'email_new',
      body: 'Hello {{name}},\n\n{{message}}\n\n{{signature}}',
    });
    const begun = { kind: 'email_new', templates: [own] } as const;
    const draft = draftFromTemplate(
      request({ ...begun, instruction: 'Tuesday at nine suits me. {{signature}}' }),
    );
    expect(draft.reply).toBe('Hello Anna,\n\nTuesday at nine suits me. {{signature}}\n\nKind regards\nMia');
    expect(draft.verdictLine).toBe('Your words in the template “New mail”.');
    const empty = draftFromTemplate(request(begun));
    expect(empty.reply).toContain('[your message]');
    expect(empty.warnings).toEqual(['Draft: fill in [your message] before you approve.']);
    const bare = draftFromTemplate(
      request({ ...begun, templates: [], instruction: 'Tuesday at nine suits me.' }),
    );
    expect(bare).toMatchObject({ reply: 'Tuesday at nine suits me.\n\nKind regards\nMia', warnings: [] });
    // In a reply there is nothing that could stand there.
    const reply = draftFromTemplate(
      request({ templates: [{ ...own, for: 'email_reply' }], instruction: '' }),
    );
    expect(reply.warnings[0]).toContain('leaves {{message}} open');
  });

  it('greets without a name when there is none', () => {
    expect(draftFromTemplate(request({ addressee: '' })).reply).toMatch(/^Hello,\n/);
  });

  it('picks by the words of the mail and names them', () => {
    const templates = [
      template('Default'),
      template('Meeting', { keywords: ['meeting', 'call'] }),
      template('Invoice', { keywords: ['invoice*'] }),
    ];
    const picked = (subject: string, text: string) => draftFromTemplate(about(subject, text, { templates }));
    expect(picked('Our meeting', 'When is the call?').verdictLine).toBe(
      'From the template “Meeting” (meeting, call).',
    );
    expect(picked('Question', 'Your invoices are late').templateName).toBe('Invoice');
    expect(picked('Question', 'I recall nothing').templateName).toBe('Default');
  });

  it('lets a word of the subject weigh more than words of the text', () => {
    const templates = [
      template('Meeting', { keywords: ['meeting', 'call'] }),
      template('Invoice', { keywords: ['invoice'] }),
    ];
    expect(draftFromTemplate(about('Invoice 7', 'A meeting, or a call?', { templates })).templateName).toBe(
      'Invoice',
    );
  });

  it('does not look at what the mail quotes', () => {
    const templates = [template('Default'), template('Meeting', { keywords: ['meeting'] })];
    expect(draftFromTemplate(about('Hello', 'Thank you\n> the meeting', { templates })).templateName).toBe(
      'Default',
    );
  });

  it('answers in the language of the mail', () => {
    const templates = [template('Default'), template('Vorgabe', { language: 'de' })];
    const german = about(
      'Frage',
      'Guten Tag, ich habe eine Frage zu der Rechnung. Bitte rufen Sie mich an.',
      { templates },
    );
    expect(draftFromTemplate(german).templateName).toBe('Vorgabe');
    expect(
      draftFromTemplate(about('A question', 'Can you help us with this please?', { templates })).templateName,
    ).toBe('Default');
    const french = about('Question', 'Bonjour, je suis dans la ville et vous ? Merci pour votre aide.', {
      templates,
    });
    expect(draftFromTemplate(french).templateName).toBe('Default');
  });

  it('takes the higher priority of two that fit alike, then the name', () => {
    const templates = [template('B'), template('A'), template('C', { priority: 5 })];
    expect(draftFromTemplate(request({ templates })).templateName).toBe('C');
    expect(draftFromTemplate(request({ templates: templates.slice(0, 2) })).templateName).toBe('A');
  });

  it('leaves an unknown placeholder visible and says so', () => {
    const templates = [template('Offer', { body: 'The price is {{price}}.' })];
    const draft = draftFromTemplate(request({ templates }));
    expect(draft.reply).toBe('The price is {{price}}.\n\nKind regards\nMia');
    expect(draft.warnings).toEqual([
      'Draft: the template leaves {{price}} open; replace it before you approve.',
    ]);
  });

  it('warns of blanks that are left to fill in', () => {
    const templates = [template('Meeting', { body: 'How about [day and time]?\n{{signature}}' })];
    expect(draftFromTemplate(request({ templates })).warnings).toEqual([
      'Draft: fill in [day and time] before you approve.',
    ]);
  });

  it('keeps the reply the user edited, and says that it cannot follow feedback', () => {
    const draft = draftFromTemplate(
      request({ previousReply: 'My own  words\n', feedback: 'shorter reply please' }),
    );
    expect(draft.reply).toBe('My own  words\n');
    expect(draft.verdictLine).toContain('cannot follow feedback');
  });

  it('takes the template the feedback asks for by name', () => {
    const templates = [template('Reply'), template('Reply - meeting', { keywords: ['meeting'] })];
    const draft = draftFromTemplate(
      request({ templates, previousReply: 'Old', feedback: 'Please use the template "reply - Meeting".' }),
    );
    expect(draft.templateName).toBe('Reply - meeting');
    expect(draft.verdictLine).toBe('From the template “Reply - meeting”, as you asked.');
  });

  it('says so when there is no template at all', () => {
    const draft = draftFromTemplate(request({ templates: [] }));
    expect(draft.reply).toBe('Kind regards\nMia');
    expect(draft.warnings).toEqual(['Draft: there is no reply in this note yet.']);
  });
});

describe('a placeholder', () => {
  it('is replaced once: a subject that looks like one stays as it is', () => {
    const filled = fillTemplate('About {{subject}}: {{ My_Name }}', {
      subject: '{{my_name}} {{x}}',
      my_name: 'Mia',
    });
    expect(filled).toEqual({ text: 'About {{my_name}} {{x}}: Mia', unknown: [] });
  });

  it('is not a member of every object', () => {
    expect(fillTemplate('{{constructor}} {{__proto__}}', {}).unknown).toEqual([
      '{{constructor}}',
      '{{__proto__}}',
    ]);
  });
});

const MIA = { name: 'Mia', account: 'default' };

describe('the signature', () => {
  it('is added once', () => {
    expect(signedOnce('Yes.', 'Kind regards\nMia')).toBe('Yes.\n\nKind regards\nMia');
    expect(signedOnce('Yes.\n\nkind  regards,\nMia', 'Kind regards,\n Mia')).toBe(
      'Yes.\n\nkind  regards,\nMia',
    );
    expect(signedOnce('Yes.', '')).toBe('Yes.');
  });

  it('is the block under its heading in the handbook', () => {
    const page =
      '# Handbook\n\n## Tone\n\nPlain.\n\n## Signature\n\n```text\nKind regards\n{{my_name}}\n```\n\n## Never\n';
    expect(readHandbook(page, MIA).signature).toBe('Kind regards\nMia');
    expect(readHandbook('## Signature\nBest\nMia\n', MIA).signature).toBe('Best\nMia');
    expect(readHandbook('## Tone\nPlain', MIA).signature).toBe('');
    expect(readHandbook('', MIA)).toEqual({ text: '', signature: '' });
  });

  it('is the one of the account that writes, where the handbook has it', () => {
    const page =
      '## Signature club\nYours,\n{{my_name}}\n\n## Signature\nRegards\n\n## Signature work-2\n```\nFirm\n```\n';
    const of = (account: string) => readHandbook(page, { name: 'Mia', account }).signature;
    expect([of('club'), of('work-2'), of('work'), of('default')]).toEqual([
      'Yours,\nMia',
      'Firm',
      'Regards',
      'Regards',
    ]);
  });
});

describe('a template note', () => {
  it('is read with its properties', () => {
    const read = parseTemplate(
      'Meeting.md',
      '---\nfor: email_reply\nlanguage: EN\nkeywords: [Meeting, " call "]\npriority: 3\n---\n\nHello\n\n',
    );
    expect(read).toEqual({
      ok: true,
      template: {
        name: 'Meeting',
        for: 'email_reply',
        language: 'en',
        keywords: ['meeting', 'call'],
        priority: 3,
        body: 'Hello',
      },
    });
  });

  it('of another kind is left alone, a broken one is named', () => {
    expect(parseTemplate('x.md', '---\nfor: odoo_invoice\n---\n')).toEqual({ ok: false, message: null });
    expect(parseTemplate('x.md', '---js\nfor: email_reply\n---\n')).toMatchObject({
      ok: false,
      message: expect.any(String) as string,
    });
  });
});

describe('the language of a text', () => {
  it('is found from its small words', () => {
    expect(guessLanguage('I would like to know if you have time for this')).toBe('en');
    expect(guessLanguage('Können Sie mir bitte die Unterlagen für den Termin schicken? Danke')).toBe('de');
    expect(guessLanguage('Bonjour, je vous remercie pour votre message')).toBe('fr');
  });

  it('is unknown for a word or two', () => {
    expect(guessLanguage('OK')).toBeNull();
    expect(guessLanguage('')).toBeNull();
  });
});

describe('a blank', () => {
  it('is what stands in brackets and is no link, footnote or task', () => {
    expect(blankWarnings('[link](https://example.org) [1] [x] [ ] [A]', '')).toEqual([]);
    expect(blankWarnings('on [Tag und Uhrzeit]', '')).toHaveLength(1);
  });
});
