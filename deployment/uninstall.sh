#!/usr/bin/env bash
# Takes Handover off this machine: stops the processes, removes the program, its service, its log rotation and its
# commands. Vault, state folder and .env stay, unless this says otherwise:
#
#   sudo deployment/uninstall.sh [--yes] [--delete-settings] [--delete-state] [--delete-vault]
#
#   --yes               ask nothing
#   --delete-settings   .env (passwords) and what PM2 kept (its logs)
#   --delete-state      the state folder: what was sent is no longer known then
#   --delete-vault      every note. On the other machine they stay only if Syncthing no longer shares the vault when this runs.
# Syncthing and Node stay as well; on the cloud Syncthing is stopped first when something is deleted.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=setup/common.sh
. "$here/setup/common.sh"
# shellcheck source-path=SCRIPTDIR source=setup/services.sh
. "$here/setup/services.sh"

yes='' settings='' delete_state='' delete_vault=''
for word in "$@"; do
  case $word in
    --yes) yes=yes ;;
    --delete-settings) settings=yes ;;
    --delete-state) delete_state=yes ;;
    --delete-vault) delete_vault=yes ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) printf 'handover: unknown: %s\n' "$word" >&2 && exit 2 ;;
  esac
done

role='' user='' user_home='' alone='' vault='' state=''
prefix=${HANDOVER_PREFIX:-/opt/handover}
! is_macos || prefix=${HANDOVER_PREFIX:-$HOME/Library/Handover}
recall "$prefix" || die "there is nothing in $prefix"
layout
is_macos || [ "$(id -u)" = 0 ] || die 'run it with sudo'

say "Stops the processes and removes $prefix, handover.service and the commands."
say "Stays: $([ -n "$delete_vault" ] || echo "$vault") $([ -n "$delete_state" ] || echo "$state") $([ -n "$settings" ] || echo "$base/.env")"
[ -z "$delete_vault" ] || say "IS DELETED: $vault"
[ -z "$delete_state" ] || say "IS DELETED: $state"
[ -z "$settings" ] || say "IS DELETED: $base/.env"
if [ -z "$yes" ]; then
  [ -t 0 ] || die 'nobody to ask: add --yes'
  printf 'Go on? [y/N] '
  read -r answer
  case $answer in y | Y | yes) : ;; *) die 'nothing was changed' ;; esac
fi

services_stop
if has_systemd; then systemctl disable --quiet handover || :; fi
# A folder that is deleted under a running Syncthing would be deleted on the other machine too.
if [ -n "$delete_vault$delete_state" ] && [ -z "$alone" ]; then stop_syncthing; fi
rm -f /etc/systemd/system/handover.service /etc/logrotate.d/handover "$user_home/Library/LaunchAgents/handover.plist"
if has_systemd; then systemctl daemon-reload; fi
for name in handover handover-pm2 handover-services; do
  [ "$(readlink "/usr/local/bin/$name" 2>/dev/null)" != "$prefix/bin/$name" ] || rm -f "/usr/local/bin/$name"
done
if [ -n "$settings" ]; then rm -rf "$base/.env" "$base/syncthing-config.toml" "$pm2_home"; fi
[ -z "$delete_state" ] || rm -rf "$state"
[ -z "$delete_vault" ] || rm -rf "$vault"
cd /
rm -rf "$prefix"
say 'Handover is gone from this machine.'
[ "$role" != cloud ] || say "The user $user stays with its home, which holds what was kept: $user_home"
