#!/usr/bin/env bash
# Makes the database, once: accounting, no demo data, and an administrator with a random password.
#
#   sudo first-start.sh          on the host of the containers, after setup.sh
#   first-start.sh --bare        here, with an installed Odoo: ODOO_COMMAND, ADMIN_PASSWORD_FILE, and as in common.sh
#
# Odoo's own way leaves a new database with the administrator admin/admin, open to the internet until somebody
# changes it. Here it is made under another name, gets its password, and is renamed; only then does the proxy start.
# ODOO_MODULES: what is installed (account,base_automation: the draft guard needs the second).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bare=''
case ${1:-} in
  '') ;;
  --bare) bare=yes ;;
  -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
  *) die "unknown: $1" ;;
esac
MODULES=${ODOO_MODULES:-account,base_automation}
[[ $MODULES =~ ^[a-z0-9_,]+$ ]] || die "ODOO_MODULES: names with commas between them"

if [ -n "$bare" ]; then
  need ODOO_DB ODOO_FILESTORE BACKUP_DIR ODOO_COMMAND ADMIN_PASSWORD_FILE
  read -r -a words <<<"$ODOO_COMMAND"
  tools() { "$HERE/restore.sh" --bare "$@"; }
  odoo() { "${words[@]}" "$@"; }
else
  read_site
  ADMIN_PASSWORD_FILE=$ODOO_DIR/secrets/admin_login_password
  tools() { compose run --rm -T --no-deps restore /odoo/restore.sh --bare "$@"; }
  # -i: what comes on standard input is the program for Odoo's shell.
  odoo() { compose run --rm -T -i --no-deps odoo odoo "$@"; }
  prepare_containers
fi
# shellcheck disable=SC2153
new=${ODOO_DB}_first_$(date -u +%Y%m%dt%H%M%S)

tools --check
[ -s "$ADMIN_PASSWORD_FILE" ] ||
  head -c 18 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$ADMIN_PASSWORD_FILE"
password=$(cat "$ADMIN_PASSWORD_FILE")
[[ $password =~ ^[A-Za-z0-9_-]{16,}$ ]] || die "$ADMIN_PASSWORD_FILE: at least 16 of A-Z, a-z, 0-9, _ and -"

undo() {
  local status=$?
  trap - EXIT
  [ "$status" -eq 0 ] || { say "not made; what was begun is removed" && tools --remove "$new"; }
  exit "$status"
}
tools --create "$new"
trap undo EXIT

say "installing $MODULES (a minute or two)"
odoo -d "$new" -i "$MODULES" --stop-after-init --no-http
# The password through standard input: it is on no command line.
odoo shell -d "$new" --no-http <<PYTHON
env.ref('base.user_admin').password = '$password'
env.cr.commit()
print('PASSWORD' + ' SET')
PYTHON
tools --swap "$new"
trap - EXIT
say "the database $ODOO_DB is made; log in as admin with the password in $ADMIN_PASSWORD_FILE"
if [ -z "$bare" ]; then
  compose up -d --wait
  say "https://$ODOO_DOMAIN"
fi
