export interface DovecotConfig {
  /** Short absolute folder (unix sockets): everything of this instance lies in it. */
  readonly root: string;
  readonly user: string;
  readonly group: string;
  readonly imapPort: number;
  readonly lmtpPort: number;
  readonly password: string;
  /** Tokens are taken as well, and asked about there (RFC 7662). */
  readonly introspectionUrl?: string | undefined;
}

/**
 * The smallest Dovecot 2.3 configuration that runs without root and without the system's own files.
 * Three lines are there because of what was seen without them: `anvil-auth-penalty { mode = 0 }` and
 * `auth_failure_delay = 0`, else one bad password delays the next login by four seconds; the empty
 * `chroot`, since chroot(2) needs root.
 */
export function dovecotConfig(c: DovecotConfig): string {
  // Its passdb knows no users without a token, so that LMTP must not ask it (451 otherwise).
  const oauth = c.introspectionUrl !== undefined;
  return `
base_dir = ${c.root}/run
state_dir = ${c.root}/state
log_path = ${c.root}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login${oauth ? ' xoauth2 oauthbearer' : ''}
auth_failure_delay = 0
default_internal_user = ${c.user}
default_internal_group = ${c.group}
default_login_user = ${c.user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
  mailbox Drafts {
    auto = subscribe
    special_use = \\Drafts
  }
  # There only once something is saved into it.
  mailbox All {
    special_use = \\All
  }
}
${
  oauth
    ? `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${c.root}/oauth2.conf.ext
}
`
    : ''
}passdb {
  driver = static${oauth ? '\n  mechanisms = plain login' : ''}
  args = password=${c.password}
}
userdb {
  driver = static
  args = uid=${c.user} gid=${c.group} home=${c.root}/mail/%n${oauth ? ' allow_all_users=yes' : ''}
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = ${c.imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  user = ${c.user}
  unix_listener lmtp {
    mode = 0600
  }
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${c.lmtpPort}
  }
}
`;
}

/** `oauth2.conf.ext` of Dovecot 2.3: https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/ */
export function dovecotOAuthConfig(introspectionUrl: string): string {
  return `
introspection_mode = post
introspection_url = ${introspectionUrl}
username_attribute = username
active_attribute = active
active_value = true
`;
}
