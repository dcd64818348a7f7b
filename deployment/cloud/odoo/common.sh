# shellcheck shell=bash disable=SC2034
# Sourced by the scripts beside it. Needs bash, coreutils, findutils, tar, util-linux (flock), PostgreSQL's client.
#
# Each script does its work where PostgreSQL and the filestore can be reached (`--bare`): in the containers that
# docker-compose.odoo.yml describes, or on a machine with an installed Odoo. Without --bare it is called on the
# host and starts itself in the right container.
#
#   PGHOST, PGPORT, PGUSER   PostgreSQL; for restore.sh and first-start.sh a role that may create databases
#   PGPASSWORD_FILE          file with the password alone (or PGPASSFILE, or no password at all)
#   ODOO_DB_ROLE             (restore.sh) whose the database is to be, when that is not PGUSER
#   ODOO_DB                  name of the database
#   ODOO_FILESTORE           folder of the filestores, <data_dir>/filestore
#   BACKUP_DIR               folder of the backups

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LC_ALL=C
export LC_ALL
umask 077

say() { printf '%s\n' "$*" >&2; }

die() {
  say "${0##*/}: $*"
  exit 1
}

need() {
  local name
  for name in "$@"; do
    [ -n "${!name:-}" ] || die "$name is not set (see common.sh, or leave --bare out on the host of the containers)"
  done
}

# A name that needs no quoting anywhere, and cannot be an option or a path.
check_name() {
  [[ $1 =~ ^[a-z][a-z0-9_]{0,62}$ ]] || die "not a name of a database (a-z, 0-9, _, at most 63): $1"
}

# ---- the host ----------------------------------------------------------------------------------------------------

# What setup.sh wrote: domain, name of the database, folder of secrets and backups.
read_site() {
  ODOO_DIR=${ODOO_DIR:-/srv/handover-odoo}
  [ -r "$ODOO_DIR/site.env" ] || die "$ODOO_DIR/site.env cannot be read: run setup.sh first, or set ODOO_DIR"
  set -a
  # shellcheck disable=SC1091
  . "$ODOO_DIR/site.env"
  set +a
  BACKUP_DIR=$ODOO_DIR/backups
}

compose() {
  docker compose --env-file "$ODOO_DIR/site.env" -f "$HERE/../docker-compose.odoo.yml" "$@"
}

# PostgreSQL, and Odoo's folder as the folder of Odoo's user. Docker gives a new volume the owner that the image has for
# that place, so Odoo's image must be the first to see it: the tools' image has no such folder, and root's would stay.
prepare_containers() {
  compose up -d --wait db
  compose run --rm -T --no-deps odoo true
}

# ---- PostgreSQL --------------------------------------------------------------------------------------------------

# The password goes through a file of its own: neither `ps` nor /proc/<pid>/environ shows it.
use_password_file() {
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  if [ -n "${PGPASSWORD_FILE:-}" ]; then
    local password
    password=$(cat "$PGPASSWORD_FILE")
    password=${password//\\/\\\\}
    printf '*:*:*:*:%s\n' "${password//:/\\:}" >"$WORK/pgpass"
    PGPASSFILE=$WORK/pgpass
    export PGPASSFILE
  fi
  export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-15}
}

# sql <database> [psql options]: reads statements from standard input, prints bare values.
sql() {
  local database=$1
  shift
  psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" "$@"
}

# No answer is not the answer "no".
database_exists() {
  local found
  found=$(sql postgres -v "name=$1" <<<"SELECT count(*) FROM pg_database WHERE datname = :'name'") ||
    die "PostgreSQL does not answer"
  [ "$found" = 1 ]
}

# ---- backups -----------------------------------------------------------------------------------------------------

# What a backup consists of. It is whole when it has its name: it is made under another one, and then renamed.
FORMAT='handover-odoo-backup 1'
PARTS=(database.dump filestore.tar manifest.txt)

# backups <database>: names of the whole ones, newest first.
backups() {
  find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' |
    grep -E "^$1-[0-9]{8}T[0-9]{6}Z\$" | sort -r || :
}

# manifest <folder> <key>
manifest() { sed -n "s/^$2: //p" "$1/manifest.txt" | head -n 1; }

# Seconds since 1970 of the time in a backup's name.
made_at() {
  local stamp=${1##*-}
  date -u -d "${stamp:0:4}-${stamp:4:2}-${stamp:6:2} ${stamp:9:2}:${stamp:11:2}:${stamp:13:2}" +%s
}

# Only one of backup and restore at a time. The folder itself carries the lock: it may be mounted read-only.
take_lock() {
  exec 9<"$BACKUP_DIR"
  flock -n 9 || die "another backup or restore is under way in $BACKUP_DIR"
}

# What must come out the same after a restore; as SQL on one line that prints `key: value` lines.
facts() {
  local moves="SELECT 0, 0, 0"
  [ "$(sql "$1" <<<"SELECT to_regclass('account_move') IS NOT NULL")" = f ] ||
    moves="SELECT count(*), count(*) FILTER (WHERE state = 'posted'), coalesce(sum(amount_total), 0) FROM account_move"
  printf '%s' "WITH m(moves, posted, total) AS ($moves), a AS (SELECT count(*) AS n FROM ir_attachment), \
u AS (SELECT count(*) AS n FROM res_users) SELECT 'moves: ' || moves || E'\nposted: ' || posted || \
E'\ntotal: ' || total || E'\nattachments: ' || a.n || E'\nusers: ' || u.n FROM m, a, u"
}
