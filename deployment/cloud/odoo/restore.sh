#!/usr/bin/env bash
# Brings a backup of Odoo back, or practises it. A backup is named as in BACKUP_DIR, or by its path.
#
#   restore.sh --list                            what there is
#   restore.sh --verify BACKUP                   reads it, checks its sums, changes nothing
#   restore.sh BACKUP                            where there is no database yet: a new machine
#   restore.sh BACKUP --replace DATABASE         in place of the one that is there; its name is the word for it
#   restore.sh BACKUP --as NAME [--neutralize]   beside it, under another name: a practice restore
#   restore.sh --remove NAME                     removes such a copy, or one that was replaced
#   --bare                                       here, not in the containers
#   --disconnect                                 (with --bare --replace) ends the sessions that are open
#
# Nothing is overwritten. The backup becomes a database of its own, its numbers are compared with those of the moment
# it was made, and only then do the two change names. What was there is kept as <database>_before_<time>, until
# `--remove`. In the containers Odoo stands still only for the change of names.
#
# --neutralize: Odoo's own: no mail is sent or fetched, no scheduled work, no payments, from the copy.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bare='' backup='' replace='' as='' neutralize='' disconnect='' verb='' name=''
arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --bare) bare=yes ;;
    --list) verb=list ;;
    --verify) verb=verify ;;
    --remove) verb=remove name=${2:?a name} && shift ;;
    # Parts of a restore, for the host, which stops Odoo between them.
    --check) verb=check ;;
    # An empty database, for first-start.sh.
    --create) verb=create name=${2:?a name} && shift ;;
    --swap) verb=swap name=${2:?a name} && shift ;;
    --replace) replace=${2:?the name of the database that is replaced} && shift ;;
    --as) as=${2:?a name} && shift ;;
    --neutralize) neutralize=yes ;;
    --disconnect) disconnect=yes ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    -*) die "unknown: $1" ;;
    *) [ -z "$backup" ] || die "one backup, please: $1" && backup=$1 ;;
  esac
  shift
done
[ -z "$name" ] || check_name "$name"
[ -z "$as" ] || check_name "$as"
[ -z "$as" ] || [ -z "$replace" ] || die "--as is a copy beside, --replace takes its place: one of the two"
[ -z "$neutralize" ] || [ -n "$as" ] || die "--neutralize is for a copy: with --as"
[ -n "$verb" ] || verb=${as:+load}
[ -n "$verb" ] || verb=restore
case $verb in
  verify | load | restore) [ -n "$backup" ] || die "which backup? --list shows them" ;;
esac
STAMP=$(date -u +%Y%m%dt%H%M%S)

# ---- on the host -------------------------------------------------------------------------------------------------

inside() { compose run --rm -T --no-deps restore /odoo/restore.sh --bare "$@"; }

wait_for_odoo() {
  local tries=90
  until compose exec -T odoo curl -fsS -o /dev/null 'http://localhost:8069/web/health?db_server_status=1'; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || die "Odoo does not answer; see: docker compose logs odoo"
    sleep 2
  done
}

on_the_host() {
  read_site
  if [[ $backup == */* ]]; then
    [ "$(cd "$(dirname "$backup")" && pwd -P)" = "$(cd "$BACKUP_DIR" && pwd -P)" ] ||
      die "the containers see $BACKUP_DIR alone: copy the backup there first"
    backup=$(basename "$backup")
  fi
  prepare_containers
  case $verb in
    load)
      inside "$backup" --as "$as"
      [ -n "$neutralize" ] || exit 0
      compose run --rm -T --no-deps odoo odoo neutralize -d "$as" && exit 0
      inside --remove "$as"
      die "it could not be neutralized, and was removed again"
      ;;
    restore)
      # shellcheck disable=SC2153
      local new=${ODOO_DB}_restored_$STAMP
      # Refused before the long part, not after it.
      inside --check ${replace:+--replace "$replace"}
      inside "$backup" --as "$new"
      compose stop odoo
      local status=0
      inside --swap "$new" ${replace:+--replace "$replace"} || status=$?
      compose up -d odoo
      [ "$status" -eq 0 ] || exit "$status"
      wait_for_odoo
      # On a new machine: the proxy as well.
      compose up -d
      say "Odoo answers with the restored database"
      ;;
    verify) inside --verify "$backup" ;;
    *) inside "${arguments[@]}" ;;
  esac
  exit 0
}

[ -n "$bare" ] || on_the_host

# ---- here --------------------------------------------------------------------------------------------------------

need ODOO_DB ODOO_FILESTORE BACKUP_DIR
# Whose the database is to be; PGUSER may be one who may do more.
ROLE=${ODOO_DB_ROLE:-${PGUSER:-odoo}}
check_name "$ODOO_DB"

list() {
  local one
  for one in $(backups "$ODOO_DB"); do
    printf '%s  %6s  Odoo %s, %s moves (%s posted), %s files%s\n' "$one" "$(du -sh "$BACKUP_DIR/$one" | cut -f 1)" \
      "$(manifest "$BACKUP_DIR/$one" odoo)" "$(manifest "$BACKUP_DIR/$one" moves)" \
      "$(manifest "$BACKUP_DIR/$one" posted)" "$(manifest "$BACKUP_DIR/$one" files)" \
      "$([ ! -e "$BACKUP_DIR/$one/missing.txt" ] || echo ", files missing")"
  done
}

# Sets `from` to the folder, after having read every byte of it.
verify() {
  from=$backup
  [[ $backup == */* ]] || from=$BACKUP_DIR/$backup
  [ -d "$from" ] || die "no such backup: $backup"
  case $(basename "$from") in
    .*) die "$backup is half a backup" ;;
  esac
  local part
  for part in "${PARTS[@]}" SHA256SUMS; do
    [ -f "$from/$part" ] || die "not a whole backup: $part is missing"
  done
  # Exactly the sums of exactly these files: a list with other names in it says nothing about them.
  [ "$(sed 's/^[0-9a-f]\{64\}  //' "$from/SHA256SUMS" | sort)" = "$(printf '%s\n' "${PARTS[@]}" | sort)" ] ||
    die "SHA256SUMS does not name the parts of a backup"
  (cd "$from" && sha256sum --check --strict --quiet SHA256SUMS >&2) || die "damaged: its checksums do not hold; nothing was done"
  [ "$(manifest "$from" format)" = "$FORMAT" ] || die "of another format: $(manifest "$from" format)"
  if tar --list --file="$from/filestore.tar" | grep -vE '^[0-9A-Za-z_-]{2,3}/[0-9A-Za-z_-]{16,128}$' >/dev/null; then
    die "filestore.tar holds something that is no file of a filestore"
  fi
}

# Fails before anything is done when the database is there and nobody said that it may be replaced.
check_replace() {
  if database_exists "$ODOO_DB"; then
    [ "$replace" = "$ODOO_DB" ] ||
      die "there is a database $ODOO_DB. To replace it (it is kept under another name): --replace $ODOO_DB"
  elif [ -n "$replace" ]; then
    die "there is no database $replace to replace; leave --replace out"
  elif [ -e "$ODOO_FILESTORE/$ODOO_DB" ]; then
    die "there is no database $ODOO_DB, but its filestore is there: move $ODOO_FILESTORE/$ODOO_DB away first"
  fi
}

remove_copy() {
  local status=0
  sql postgres -v "name=$1" <<<'DROP DATABASE IF EXISTS :"name"' || status=$?
  [ "$status" -ne 0 ] || rm -rf "${ODOO_FILESTORE:?}/$1" "$ODOO_FILESTORE/.partial-$1"
  return "$status"
}

# The comment tells --remove that it may be removed.
create_database() {
  sql postgres -v "name=$1" -v "collate=$2" -v "ctype=$3" -v "role=$ROLE" <<'SQL'
CREATE DATABASE :"name" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE :'collate' LC_CTYPE :'ctype';
COMMENT ON DATABASE :"name" IS 'copy, made by restore.sh';
SQL
}

undo_load() {
  local status=$?
  trap - EXIT
  [ "$status" -eq 0 ] || say "the restore failed; what there was is untouched. The half copy is removed"
  [ "$status" -eq 0 ] || remove_copy "$1" || say "it could not be removed: restore.sh --remove $1"
  rm -rf "$WORK"
  exit "$status"
}

# load <new database>: a database and a filestore of that name, whole or not at all.
load() {
  local new=$1 filestore=$ODOO_FILESTORE/$1 part=$ODOO_FILESTORE/.partial-$1
  check_name "$new"
  [ "$new" != "$ODOO_DB" ] || die "--as is for a copy, under another name than $ODOO_DB"
  ! database_exists "$new" || die "there is a database $new already"
  [ ! -e "$filestore" ] || die "there is a filestore $new already"
  # The name is ours from here on.
  # shellcheck disable=SC2064
  trap "undo_load $new" EXIT
  say "loading $(basename "$from") into $new"
  create_database "$new" "$(manifest "$from" collate)" "$(manifest "$from" ctype)"
  pg_restore --exit-on-error --no-owner --no-privileges --role="$ROLE" --dbname="$new" "$from/database.dump"
  sql "$new" <<<'SET client_min_messages = error; ANALYZE;'
  rm -rf "$part"
  mkdir -p "$part"
  tar --extract --file="$from/filestore.tar" --directory="$part" --no-same-owner --no-same-permissions
  [ "$(find "$part" -type f | wc -l)" -eq "$(manifest "$from" files)" ] || die "the filestore is not complete"
  give_to_odoo "$part"
  mv -T "$part" "$filestore"
  compare_facts "$new"
  trap 'rm -rf "$WORK"' EXIT
  say "$new holds what the backup held: $(manifest "$from" moves) moves, $(manifest "$from" attachments) attachments"
}

# In the containers this runs as root, Odoo as its own user: the folder above says who that is.
give_to_odoo() {
  chmod -R u=rwX,go= "$1"
  [ "$(id -u)" -ne 0 ] || chown -R "$(stat -c %u:%g "$ODOO_FILESTORE")" "$1"
}

compare_facts() {
  local statement key
  statement=$(facts "$1")
  sql "$1" <<<"$statement" >"$WORK/restored"
  for key in moves posted total attachments users; do
    [ "$(sed -n "s/^$key: //p" "$WORK/restored")" = "$(manifest "$from" "$key")" ] ||
      die "$key: the backup says $(manifest "$from" "$key"), restored are $(sed -n "s/^$key: //p" "$WORK/restored")"
  done
}

sessions() {
  sql postgres -v "a=$1" -v "b=$2" <<<"SELECT count(*) FROM pg_stat_activity WHERE datname IN (:'a', :'b')"
}

end_sessions() {
  local open
  if [ -n "$disconnect" ]; then
    sql postgres -v "a=$1" -v "b=$2" \
      <<<"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname IN (:'a', :'b')" >/dev/null
  fi
  open=$(sessions "$1" "$2")
  [ "$open" -eq 0 ] || die "$open sessions are open in $ODOO_DB: stop Odoo first (or --disconnect, and restart it after)"
}

# Both names change in one transaction; the two folders after it. A note of what was meant lets the next run
# finish what a power cut left half done.
swap() {
  local new=$1 before=${ODOO_DB}_before_$STAMP
  finish_swap
  database_exists "$new" || die "there is no database $new"
  check_replace
  end_sessions "$ODOO_DB" "$new"
  # One without attachments has no folder; with one, finish_swap can tell what was done from what was not.
  [ -e "$ODOO_FILESTORE/$new" ] || { mkdir "$ODOO_FILESTORE/$new" && give_to_odoo "$ODOO_FILESTORE/$new"; }
  printf '%s %s\n' "$new" "$before" >"$ODOO_FILESTORE/.swap.$$"
  sync -- "$ODOO_FILESTORE/.swap.$$"
  mv "$ODOO_FILESTORE/.swap.$$" "$ODOO_FILESTORE/.swap"
  {
    printf 'BEGIN;\n'
    if [ -n "$replace" ]; then
      printf 'ALTER DATABASE "%s" RENAME TO "%s";\n' "$ODOO_DB" "$before"
      printf "COMMENT ON DATABASE \"%s\" IS 'copy, replaced by restore.sh';\n" "$before"
    fi
    printf 'ALTER DATABASE "%s" RENAME TO "%s";\n' "$new" "$ODOO_DB"
    printf 'COMMENT ON DATABASE "%s" IS NULL;\nCOMMIT;\n' "$ODOO_DB"
  } | sql postgres || { rm -f "$ODOO_FILESTORE/.swap" && die "the names were not changed; what there was is untouched"; }
  finish_swap
  say "$ODOO_DB is the restored database"
  [ -z "$replace" ] || say "what it replaced is $before; when it is no longer needed: restore.sh --remove $before"
}

finish_swap() {
  [ -e "$ODOO_FILESTORE/.swap" ] || return 0
  local new before
  read -r new before <"$ODOO_FILESTORE/.swap"
  check_name "$new" && check_name "$before"
  # Not there under its first name: the transaction was carried out.
  if ! database_exists "$new"; then
    if [ -e "$ODOO_FILESTORE/$new" ]; then
      [ ! -e "$ODOO_FILESTORE/$ODOO_DB" ] || mv -T "$ODOO_FILESTORE/$ODOO_DB" "$ODOO_FILESTORE/$before"
      mv -T "$ODOO_FILESTORE/$new" "$ODOO_FILESTORE/$ODOO_DB"
    fi
    sync -- "$ODOO_FILESTORE"
  fi
  rm -f "$ODOO_FILESTORE/.swap"
}

# Only what a restore made: a typing error must not be able to name the books.
remove() {
  local comment
  [ "$name" != "$ODOO_DB" ] || die "$name is the database that is in use; this removes copies"
  database_exists "$name" || die "there is no database $name"
  comment=$(sql postgres -v "name=$name" \
    <<<"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'name'")
  [[ $comment == copy,* ]] || die "$name is no copy of restore.sh's; it stays"
  remove_copy "$name" || die "$name was not removed"
  say "removed: $name"
}

neutralize_here() {
  # A command with its options, in words; an Odoo from a package is `odoo`.
  local words
  read -r -a words <<<"${ODOO_COMMAND:-odoo}"
  "${words[@]}" neutralize -d "$as" >&2 && return 0
  remove_copy "$as" || say "it could not be removed: restore.sh --remove $as"
  die "it could not be neutralized, and was removed again"
}

# Where no attachment was ever made there is none yet; whose it is, the folder above tells.
make_filestore() {
  [ ! -d "$ODOO_FILESTORE" ] || return 0
  mkdir -p "$ODOO_FILESTORE"
  [ "$(id -u)" -ne 0 ] || chown --reference="$(dirname "$ODOO_FILESTORE")" "$ODOO_FILESTORE"
}

use_password_file
case $verb in
  # These only read.
  list | verify) ;;
  *) take_lock && make_filestore ;;
esac
case $verb in
  list) list ;;
  verify) verify && say "whole: $(basename "$from")" ;;
  check) finish_swap && check_replace ;;
  load)
    verify
    load "$as"
    [ -z "$neutralize" ] || neutralize_here
    ;;
  restore)
    verify
    finish_swap
    check_replace
    [ -z "$replace" ] || [ -n "$disconnect" ] || end_sessions "$ODOO_DB" "$ODOO_DB"
    load "${ODOO_DB}_restored_$STAMP"
    swap "${ODOO_DB}_restored_$STAMP"
    ;;
  # As Odoo makes it.
  create) create_database "$name" C "$(sql postgres <<<"SELECT datctype FROM pg_database WHERE datname = 'template0'")" ;;
  swap) swap "$name" ;;
  remove) remove ;;
esac
