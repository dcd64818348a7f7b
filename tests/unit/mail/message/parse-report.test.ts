import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounceOf } from '../../../../src/core/bounce-note.ts';
import { parseReport } from '../../../../src/mail/message/parse-report.ts';
import { parseMessage } from '../../../../src/mail/message/parse-message.ts';

const TASK = 'em-0123456789abcdef';
const OURS = `<${TASK}.${'a'.repeat(32)}@office.example>`;
const OLDER = `<em-fedcba9876543210.${'b'.repeat(32)}@office.example>`;

async function read(head: readonly string[], body: string) {
  const raw = [...head, '', body].join('\n').replace(/\r?\n/g, '\r\n');
  return parseMessage(new TextEncoder().encode(raw));
}

const bounce = async (head: readonly string[], body: string) => bounceOf((await read(head, body)).report);

function report(type: string, parts: readonly (readonly [string, string])[]) {
  const body = parts.map(([kind, text]) => `--b\nContent-Type: ${kind}\n\n${text}\n`).join('');
  return {
    head: [
      'From: Mail Delivery System <MAILER-DAEMON@mx.example.org>',
      'Return-Path: <>',
      `Content-Type: multipart/report; report-type=${type}; boundary="b"`,
      'MIME-Version: 1.0',
      'Subject: Undelivered Mail Returned to Sender',
    ],
    body: `${body}--b--\n`,
  };
}

const RETURNED = `From: office@office.example\nMessage-ID: ${OURS}\nReferences: ${OLDER}\nSubject: Re: hello\n`;

describe('a delivery report of RFC 3464', () => {
  it('tells recipient, status and words, and which mail came back (Postfix)', async () => {
    const { head, body } = report('delivery-status', [
      ['text/plain', 'I am sorry to have to inform you that your message could not be delivered.'],
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx.example.org\nX-Postfix-Queue-ID: 4X1\n\nFinal-Recipient: rfc822; jane@example.com\nOriginal-Recipient: rfc822;jane@example.com\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; 550 5.1.1 <jane@example.com>: Recipient address\n    rejected: User unknown',
      ],
      ['message/rfc822', `${RETURNED}\nHello`],
    ]);
    expect(await bounce(head, body)).toEqual({
      task: TASK,
      messageId: OURS,
      action: 'failed',
      status: '5.1.1',
      recipients: ['jane@example.com'],
      words: '550 5.1.1 <jane@example.com>: Recipient address rejected: User unknown',
    });
  });

  it('is a delay as long as nobody failed, and all recipients count', async () => {
    const fields = (action: string, who: string) =>
      `\n\nFinal-Recipient: rfc822; ${who}\nAction: ${action}\nStatus: 4.4.1\nWill-Retry-Until: Mon, 23 Nov 2026 10:00:00 +0000`;
    const parts = (second: string) =>
      report('delivery-status', [
        ['text/plain', 'This is a warning.'],
        [
          'message/delivery-status',
          `Reporting-MTA: dns; mx${fields('delayed', 'a@example.com')}${fields(second, 'b@example.com')}`,
        ],
        ['text/rfc822-headers', RETURNED],
      ]);
    const delayed = parts('delayed (still trying)');
    expect(await bounce(delayed.head, delayed.body)).toMatchObject({
      action: 'delayed',
      recipients: ['a@example.com', 'b@example.com'],
    });
    const failed = parts('failed');
    expect(await bounce(failed.head, failed.body)).toMatchObject({
      action: 'failed',
      recipients: ['b@example.com'],
    });
  });

  it('is no bounce when all went well, and none when it is about a mail of somebody else', async () => {
    const well = report('delivery-status', [
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.com\nAction: relayed\nStatus: 2.1.5',
      ],
      ['text/rfc822-headers', RETURNED],
    ]);
    expect(await bounce(well.head, well.body)).toBe(null);
    const other = report('delivery-status', [
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.0.0',
      ],
      ['text/rfc822-headers', 'Message-ID: <1@elsewhere.example>\n'],
    ]);
    const { report: found } = await read(other.head, other.body);
    expect(found?.about).toEqual(['<1@elsewhere.example>']);
    expect(bounceOf(found)).toBe(null);
  });

  it.each([
    [`${TASK}.${'a'.repeat(32)}`, `<${TASK}.${'a'.repeat(32)}@rewritten.invalid>`],
    [TASK, '<AM0PR04MB1@AM0PR04MB1.eurprd04.prod.outlook.com>'],
  ])('knows the task where a server rewrote the Message-ID (Exchange Online, SES): %s', async (mark, id) => {
    const { head, body } = report('delivery-status', [
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.4.1',
      ],
      [
        'text/rfc822-headers',
        `Message-ID: <AM0PR04MB1@AM0PR04MB1.eurprd04.prod.outlook.com>\nX-Handover-Task: ${mark}\nReferences: ${OLDER}`,
      ],
    ]);
    expect(await bounce(head, body)).toMatchObject({ task: TASK, messageId: id });
  });

  it('takes the one mail that came back, not the older ones of its thread', async () => {
    const { head, body } = report('delivery-status', [
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.4.1',
      ],
    ]);
    const thread = [...head, `In-Reply-To: ${OURS}`, `References: ${OLDER} ${OURS}`];
    expect(await bounce(thread, body)).toMatchObject({ task: TASK });
  });

  it('reads the fields of internationalised reports (RFC 6533)', async () => {
    const { head, body } = report('delivery-status', [
      [
        'message/global-delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: utf-8; jörg@example.com\nAction: failed\nStatus: 5.1.1',
      ],
      ['message/global-headers', RETURNED],
    ]);
    expect(await bounce(head, body)).toMatchObject({ task: TASK, action: 'failed' });
  });
});

describe('other reports', () => {
  it('a read receipt (RFC 8098) and a complaint (RFC 5965) are reports and no bounces', async () => {
    const receipt = report('disposition-notification', [
      ['text/plain', 'Your message was read.'],
      [
        'message/disposition-notification',
        `Final-Recipient: rfc822;jane@example.com\nOriginal-Message-ID: ${OURS}\nDisposition: manual-action/MDN-sent-manually; displayed`,
      ],
    ]);
    const read1 = (await read(receipt.head, receipt.body)).report;
    expect(read1).toMatchObject({ kind: 'disposition', about: [OURS] });
    expect(read1?.recipients).toEqual([
      {
        address: 'jane@example.com',
        action: 'other',
        status: '',
        words: 'manual-action/MDN-sent-manually; displayed',
      },
    ]);
    const complaint = report('feedback-report', [
      ['message/feedback-report', 'Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1'],
      ['message/rfc822', `${RETURNED}\nHello`],
    ]);
    const read2 = (await read(complaint.head, complaint.body)).report;
    expect([read2?.kind, bounceOf(read1), bounceOf(read2)]).toEqual(['feedback', null, null]);
  });
});

const PLAIN = ['Content-Type: text/plain; charset=utf-8', 'MIME-Version: 1.0'];

/** Name of the system and where its shape is written down; subject, sender, text. */
const SHAPES: readonly (readonly [string, readonly string[], string, object])[] = [
  [
    'qmail (QSBMF)',
    ['From: MAILER-DAEMON@mail.example.org', 'Subject: failure notice'],
    `Hi. This is the qmail-send program at mail.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<jane@example.com>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <office@office.example>\nReceived: (qmail 1 invoked from network)\nMessage-ID: ${OURS}\nReferences: ${OLDER}\n\nHello`,
    { action: 'failed', status: '5.1.1', recipients: ['jane@example.com'] },
  ],
  [
    'Exim (X-Failed-Recipients)',
    [
      'From: Mail Delivery System <Mailer-Daemon@mail.example.org>',
      'X-Failed-Recipients: jane@example.com, joe@example.com',
      'Auto-Submitted: auto-replied',
      'Subject: Mail delivery failed: returning message to sender',
    ],
    `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  jane@example.com\n    SMTP error from remote mail server after RCPT TO:<jane@example.com>:\n    host mx.example.com [192.0.2.1]: 550 5.1.1 <jane@example.com>... User Unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <office@office.example>\nReceived: from office\nMessage-Id: ${OURS}\n\nHello`,
    { action: 'failed', status: '5.1.1', recipients: ['jane@example.com', 'joe@example.com'] },
  ],
  [
    'Exim, delayed',
    [
      'From: Mail Delivery System <Mailer-Daemon@mail.example.org>',
      'Subject: Warning: message 1abcde-000001-AB delayed 24 hours',
    ],
    `This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mail.example.org.\n\nThe message identifier is:     1abcde-000001-AB\nThe subject of the message is: Re: hello\n\nThe address to which the message has not yet been delivered is:\n\n  jane@example.com\n    host mx.example.com [192.0.2.1]\n    Delay reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue.\n\nMessage-ID: ${OURS}`,
    { action: 'delayed', recipients: ['jane@example.com'] },
  ],
  [
    'Domino',
    [
      'From: Postmaster@example.com',
      'Subject: DELIVERY FAILURE: User jane (jane@example.com) not listed in Domino Directory',
    ],
    `Your message\n\n  Subject: Re: hello\n\nwas not delivered to:\n\n  jane@example.com\n\nbecause:\n\n  User jane (jane@example.com) not listed in Domino Directory\n\nMessage-ID: ${OURS}`,
    { action: 'failed', recipients: ['jane@example.com'] },
  ],
  [
    'Notes',
    ['From: Postmaster@example.com', 'Subject: Undeliverable message'],
    `------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\njane@example.com\n\n------- Returned Message --------\n\nReceived: from office\nMessage-ID: ${OURS}\nSubject: Re: hello`,
    { action: 'failed', recipients: ['jane@example.com'] },
  ],
  [
    'Exchange 2003',
    ['From: System Administrator <postmaster@example.com>', 'Subject: Undeliverable: Re: hello'],
    `Your message\n\n  To:      jane@example.com\n  Subject: Re: hello\n  Sent:    Thu, 29 Apr 2010 18:14:35 +0000\n\ndid not reach the following recipient(s):\n\njane@example.com on Thu, 29 Apr 2010 16:51:51 -0500\n    The recipient name is not recognized\n    MSEXCH:IMS:EXAMPLE:EXCHANGE 0 (000C05A6) Unknown Recipient\n\n${OURS}`,
    { action: 'failed', recipients: ['jane@example.com'] },
  ],
  [
    'Gmail before it wrote reports',
    [
      'From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>',
      'Subject: Delivery Status Notification (Delay)',
    ],
    `This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     jane@example.com\n\nMessage will be retried for 2 more day(s)\n\nTechnical details of temporary failure:\n450 450 4.2.2 <jane@example.com>... Mailbox Full (state 14).\n\n----- Original message -----\n\nReceived: by 10.0.0.1 with SMTP id a1\nMessage-ID: ${OURS}\nReferences: ${OLDER}\n`,
    { action: 'delayed', status: '4.2.2', recipients: ['jane@example.com'] },
  ],
  [
    '1&1',
    [
      'From: "Mail Delivery System" <mailer-daemon@kundenserver.example>',
      'Subject: Mail delivery failed: returning message to sender',
    ],
    `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\njane@example.com:\nSMTP error from remote server for RCPT TO command, host: mx.example.com (192.0.2.1)\nreason: 550 5.2.0 Mail rejected\n\n--- The header of the original message is following. ---\n\nReceived: from office\nMessage-ID: ${OURS}\n`,
    { action: 'failed', status: '5.2.0', recipients: ['jane@example.com'] },
  ],
  [
    'sendmail, as one text',
    [
      'From: MAILER-DAEMON (Mail Delivery Subsystem)',
      'Return-Path: <>',
      'Subject: Returned mail: User unknown',
    ],
    `The original message was received at Thu, 19 Nov 2026 09:00:00 GMT\n\n   ----- The following addresses had permanent fatal errors -----\n<jane@example.com>\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> RCPT To:<jane@example.com>\n<<< 550 5.1.1 <jane@example.com>... User unknown\n550 5.1.1 <jane@example.com>... User unknown\n\n   ----- Original message follows -----\n\nReceived: from office\nMessage-ID: ${OURS}\n\nHello`,
    { action: 'failed', status: '5.1.1', recipients: ['jane@example.com'] },
  ],
  [
    'Yandex, with the mail as a part of multipart/mixed',
    [
      'From: mailer-daemon@yandex.example',
      'Subject: =?utf-8?Q?=D0=9D=D0=B5=D0=B4=D0=BE=D1=81=D1=82=D0=B0=D0=B2=D0=BB=D0=B5=D0=BD=D0=BD=D0=BE=D0=B5_=D1=81=D0=BE=D0=BE=D0=B1=D1=89=D0=B5=D0=BD=D0=B8=D0=B5?=',
    ],
    `MIXED<jane@example.com>: host mx.example.com said: 550 5.1.1 no such user`,
    { action: 'failed', status: '5.1.1', recipients: ['jane@example.com'] },
  ],
];

describe('a bounce that is no multipart/report', () => {
  it.each(SHAPES)('%s', async (_name, head, text, expected) => {
    const mixed = text.startsWith('MIXED');
    const body = mixed
      ? `--m\nContent-Type: text/plain\n\n${text.slice(5)}\n--m\nContent-Type: message/rfc822\n\n${RETURNED}\nHello\n--m--\n`
      : text;
    const type = mixed ? ['Content-Type: multipart/mixed; boundary=m', 'MIME-Version: 1.0'] : PLAIN;
    const found = await bounce([...head, ...type], body);
    expect(found).toMatchObject({ task: TASK, messageId: OURS, ...expected });
    expect(found?.words).not.toBe('');
  });

  it('is not what a person writes about a failed delivery, nor an absence of a person', async () => {
    const complaint = await read(
      ['From: jane@example.com', 'Subject: Undeliverable mail?', ...PLAIN],
      `Your mail ${OURS} could not be delivered to Joe: 550 5.1.1 user unknown. Can you look?`,
    );
    expect(complaint.report).toBe(null);
    const away = await read(
      [
        'From: jane@example.com',
        'Return-Path: <>',
        'Auto-Submitted: auto-replied',
        'Subject: Away',
        ...PLAIN,
      ],
      `I am out of the office until Monday.\n\n> Message-ID: ${OURS}`,
    );
    expect(away.report).toBe(null);
  });
});

it('a report that is only a bomb costs no time and stays bounded', async () => {
  const group = (n: number) =>
    `\n\nFinal-Recipient: rfc822; u${n}@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; ${'x'.repeat(300)}`;
  const { head, body } = report('delivery-status', [
    ['text/plain', `${'<'.repeat(50_000)}\n${`${OURS} `.repeat(5_000)}\n${'a@'.repeat(20_000)}`],
    [
      'message/delivery-status',
      `Reporting-MTA: dns; mx${Array.from({ length: 5_000 }, (_, n) => group(n)).join('')}`,
    ],
  ]);
  const { report: found } = await read(head, body);
  expect(found?.recipients.length).toBe(50);
  expect(found?.about).toEqual([OURS]);
  expect(bounceOf(found)?.words.length).toBeLessThanOrEqual(500);
});

it('whatever a report holds, reading it neither throws nor gives more than its limits', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 40, unit: 'binary' }),
    fc.constantFrom(
      ...[
        '',
        ' ',
        'Action: failed',
        'Action:',
        'Status: 5.1.1',
        ': x',
        'Final-Recipient: rfc822;<a@b.example>',
      ],
      ...[
        'Final-Recipient:;;',
        `Message-ID: ${OURS}`,
        `X-Handover-Task: ${TASK}`,
        '--- Below this line is a copy',
      ],
      ...[
        'Received: from x',
        '<jane@example.com>:',
        'Hi. This is the qmail-send program',
        '550 5.1.1 no',
        'delayed',
      ],
    ),
  );
  const text = fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\n'));
  const part = fc.record({
    type: fc.constantFrom(
      'message/delivery-status',
      'text/rfc822-headers',
      'message/rfc822',
      'MESSAGE/Feedback-Report',
    ),
    content: fc.oneof(
      text.map((s) => new TextEncoder().encode(s)),
      fc.uint8Array({ maxLength: 200 }),
    ),
  });
  const headers = fc
    .subarray([
      ['content-type', ['multipart/report; report-type=delivery-status']],
      ['return-path', ['<>']],
      ['x-failed-recipients', ['a@b.example,, <c@d.example>']],
      ['references', [`${OLDER} <x>`]],
    ] as [string, string[]][])
    .map((entries) => new Map(entries));
  const parts = fc.array(part, { maxLength: 4 });
  fc.assert(
    fc.property(headers, line, text, parts, line, (head, subject, body, attached, from) => {
      const found = parseReport({ headers: head, from, subject, text: body, parts: attached });
      for (const recipient of found?.recipients ?? []) {
        expect(recipient.words.length).toBeLessThanOrEqual(500);
        expect(recipient.words).not.toMatch(/[\r\n]/);
      }
      const read = bounceOf(found);
      if (read !== null) expect([TASK, 'em-fedcba9876543210']).toContain(read.task);
    }),
    { numRuns: 1_000 },
  );
});
