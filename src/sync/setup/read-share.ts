/** `deployment/<host>/syncthing-config.toml`: what a device shall share, checked; every fault at once, by name. */
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';

export type ShareRole = 'cloud' | 'laptop';

const seconds = (min: number, max: number) =>
  z.int('must be a whole number of seconds').min(min, `must be at least ${min}`).max(max, `at most ${max}`);
const words = z
  .string('must be a text')
  .min(1, 'must not be empty')
  .max(64, 'at most 64 characters')
  .regex(/^[^\p{C}]*$/u, 'must not hold control characters');
const never = z.literal(false, 'must be false: the other device could bring in more devices or folders');

const vault = z.strictObject({
  label: words,
  type: z.literal('sendreceive', 'must be "sendreceive": both machines write'),
  watcher_delay_seconds: seconds(1, 3600),
  rescan_seconds: seconds(10, 86_400),
  ignore_permissions: z.boolean('must be true or false'),
  max_conflicts: z
    .int('must be a whole number')
    .min(-1, 'must be -1 (all) or more than 0')
    .refine((n) => n !== 0, 'must not be 0: an edit that loses would be thrown away'),
  puller_delay_seconds: seconds(0, 3600),
  path: z.string('must be a path').startsWith('/', 'must be an absolute path').optional(),
  versions: z
    .strictObject({
      keep_days: z
        .int('must be a whole number of days')
        .min(1, 'must be at least 1')
        .max(3650, 'at most 3650'),
    })
    .optional(),
});

const device = z.strictObject({
  name: words,
  introducer: never,
  auto_accept_folders: never,
  addresses: z
    .array(
      z
        .string('must be a text')
        .regex(
          /^(dynamic|(tcp[46]?|quic[46]?|relay):\/\/[^\s\p{C}]+)$/u,
          'must be "dynamic" or such as "tcp://host:22000"',
        ),
      'must be a list of addresses',
    )
    .min(1, 'must hold at least one address')
    .optional(),
});

const share = z.discriminatedUnion(
  'role',
  [
    z.strictObject({ role: z.literal('cloud'), vault, peer: device, trusted: device.optional() }),
    z.strictObject({
      role: z.literal('laptop'),
      vault: vault.required({ versions: true }),
      peer: device,
      trusted: device.optional(),
      approved: z.strictObject({ label: words }).optional(),
    }),
  ],
  'must be "cloud" or "laptop"',
);

/** As the file says it, with its names. */
export type ShareFile = z.output<typeof share>;
export type DeviceWish = z.output<typeof device>;

export class ShareFault extends Error {
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ShareFault';
    this.faults = faults;
  }
}

/** @param file only for the words. @throws ShareFault with every fault */
export function readShare(text: string, file: string): ShareFile {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = 'cannot be read'] = error.message.split('\n');
    throw new ShareFault(file, [`line ${error.line}: ${first}`]);
  }
  const result = share.safeParse(raw, { reportInput: true });
  if (!result.success) throw new ShareFault(file, result.error.issues.flatMap(issueWords));
  const { data } = result;
  if (data.role === 'laptop' && data.approved && !data.trusted) {
    throw new ShareFault(file, ['approved needs the section trusted: with whom shall it be shared?']);
  }
  return data;
}

function issueWords(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      at === '' && key === 'approved'
        ? 'approved must not be here: that folder is never shared with the cloud'
        : `${at === '' ? key : `${at}.${key}`} is unknown`,
    );
  }
  const absent = issue.input === undefined;
  return [`${at} ${absent ? 'is missing' : issue.message}`];
}
