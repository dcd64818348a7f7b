#!/usr/bin/env bash
# A backup of Odoo: database and filestore of one and the same moment.
#
#   backup.sh                       makes one now (on the host: in the container `backup`)
#   backup.sh --copy                and then copies the newest one elsewhere with BACKUP_COPY_COMMAND
#   backup.sh --copy-only           copies the newest one, unless that was done already
#   backup.sh --bare [--daily-at HH:MM]   here; with a time: for ever, one a day (UTC)
#
# <BACKUP_DIR>/<database>-<UTC time>/
#   database.dump   pg_dump, custom format
#   filestore.tar   exactly the files that the dump speaks of
#   manifest.txt    versions, and numbers that restore.sh compares
#   SHA256SUMS      of the three
#
# One moment: a transaction is held open, the dump reads through its snapshot, and its lock keeps Odoo's collector
# from removing a file that the dump still speaks of. Odoo works on meanwhile; files are never changed, only added.
#
# Kept: all of the last BACKUP_KEEP_HOURS hours, and the newest of each of the last BACKUP_KEEP_DAILY days,
# BACKUP_KEEP_WEEKLY weeks and BACKUP_KEEP_MONTHLY months that have one. Nothing is removed before a new one is whole.
#
# Exit: 0 whole; 3 whole, but files that the database names were not in the filestore (listed in missing.txt);
# else no backup was made.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bare='' copy='' daily=''
while [ $# -gt 0 ]; do
  case $1 in
    --bare) bare=yes ;;
    --copy) copy=yes ;;
    --copy-only) copy=only ;;
    --daily-at) daily=${2:?a time, like 02:15} && shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) die "unknown: $1" ;;
  esac
  shift
done

# ---- on the host -------------------------------------------------------------------------------------------------

copy_newest() {
  need BACKUP_COPY_COMMAND ODOO_DB
  local newest
  # shellcheck disable=SC2153
  newest=$(backups "$ODOO_DB" | head -n 1)
  [ -n "$newest" ] || die "there is no backup to copy"
  if [ "$copy" = only ] && [ "$(cat "$BACKUP_DIR/.copied" 2>/dev/null)" = "$newest" ]; then
    say "$newest was copied before"
    return
  fi
  # $1 is the folder. What the command does with it, and whether it encrypts, is its own affair.
  sh -c "$BACKUP_COPY_COMMAND" backup-copy "$BACKUP_DIR/$newest" || die "BACKUP_COPY_COMMAND failed; $newest is here only"
  printf '%s\n' "$newest" >"$BACKUP_DIR/.copied.$$"
  mv "$BACKUP_DIR/.copied.$$" "$BACKUP_DIR/.copied"
  say "copied: $newest"
}

on_the_host() {
  read_site
  [ "$copy" != only ] || { copy_newest && exit 0; }
  local status=0
  compose run --rm -T --no-deps backup /odoo/backup.sh --bare || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || exit "$status"
  [ -z "$copy" ] || copy_newest
  exit "$status"
}

[ -n "$bare" ] || on_the_host

# ---- here --------------------------------------------------------------------------------------------------------

[ "$copy" != only ] || { need BACKUP_DIR && copy_newest && exit 0; }
need ODOO_DB ODOO_FILESTORE BACKUP_DIR
check_name "$ODOO_DB"
HOURS=${BACKUP_KEEP_HOURS:-48} DAILY=${BACKUP_KEEP_DAILY:-14} WEEKLY=${BACKUP_KEEP_WEEKLY:-8}
MONTHLY=${BACKUP_KEEP_MONTHLY:-12}
for number in "$HOURS" "$DAILY" "$WEEKLY" "$MONTHLY"; do
  [[ $number =~ ^[0-9]{1,4}$ ]] || die "BACKUP_KEEP_*: not a number of backups: $number"
done

# A dead run leaves a folder that is no backup. Under the lock, whatever is there is dead.
remove_remains() {
  find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 \( -name '.partial-*' -o -name '.removed-*' \) -exec rm -rf {} +
}

# Opens the transaction; SNAPSHOT is its name for pg_dump. The wanted files are listed in $1.
open_snapshot() {
  coproc HOLDER { exec psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$ODOO_DB"; }
  # Bash forgets these two as soon as the process is gone, and then a write would be to no number at all.
  # shellcheck disable=SC2153
  TO_HOLDER=${HOLDER[1]} FROM_HOLDER=${HOLDER[0]} HOLDER_ID=$HOLDER_PID
  # ROW EXCLUSIVE is what every write takes: Odoo goes on, but its collector (SHARE) waits in vain and comes again.
  cat >&"$TO_HOLDER" <<SQL
SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE ir_attachment IN ROW EXCLUSIVE MODE;
SELECT pg_export_snapshot();
SQL
  IFS= read -r -t 90 SNAPSHOT <&"$FROM_HOLDER" || die "no snapshot: is $ODOO_DB a database of Odoo?"
  local facts
  facts=$(facts "$ODOO_DB")
  cat >&"$TO_HOLDER" <<SQL
\o '$1'
SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL;
\o '$2'
SELECT 'odoo: ' || coalesce(latest_version, '') FROM ir_module_module WHERE name = 'base';
SELECT 'postgresql: ' || current_setting('server_version');
SELECT E'collate: ' || datcollate || E'\nctype: ' || datctype FROM pg_database WHERE datname = current_database();
$facts;
\o
\echo written
SQL
  local answer
  IFS= read -r -t 600 answer <&"$FROM_HOLDER" || die "the database went away"
  [ "$answer" = written ] || die "unexpected: $answer"
}

# Fails when the transaction did not live until now: then the lock was not held, nor the snapshot.
close_snapshot() {
  printf 'COMMIT;\n\\q\n' >&"$TO_HOLDER" || die "the database went away during the backup"
  wait "$HOLDER_ID" || die "the database went away during the backup"
}

# Wanted and there; wanted and not there.
sort_files() {
  local part=$1 names='^[0-9A-Za-z_-]{2,3}/[0-9A-Za-z_-]{16,128}$'
  sort -u "$WORK/wanted" -o "$WORK/wanted"
  if grep -vE "$names" "$WORK/wanted" >"$WORK/strange"; then
    die "the database names files that are none of a filestore, such as $(head -n 1 "$WORK/strange" | cut -c 1-80)"
  fi
  [ -d "$ODOO_FILESTORE/$ODOO_DB" ] || [ ! -s "$WORK/wanted" ] || die "no folder $ODOO_FILESTORE/$ODOO_DB"
  if [ -d "$ODOO_FILESTORE/$ODOO_DB" ]; then
    find "$ODOO_FILESTORE/$ODOO_DB" -mindepth 2 -maxdepth 2 -type f -printf '%P\n' | sort >"$WORK/there"
  else
    : >"$WORK/there"
  fi
  comm -12 "$WORK/wanted" "$WORK/there" >"$WORK/files"
  comm -23 "$WORK/wanted" "$WORK/there" >"$WORK/missing"
  [ ! -s "$WORK/missing" ] || cp "$WORK/missing" "$part/missing.txt"
}

make_one() {
  local stamp name part count missing
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  name=$ODOO_DB-$stamp part=$BACKUP_DIR/.partial-$name
  [ ! -e "$BACKUP_DIR/$name" ] || die "$name is there already"
  mkdir "$part"
  open_snapshot "$WORK/wanted" "$WORK/facts"
  pg_dump --format=custom --no-owner --no-privileges --snapshot="$SNAPSHOT" --file="$part/database.dump" "$ODOO_DB"
  sort_files "$part"
  # Fails if one of them has gone, which the lock rules out.
  if [ -s "$WORK/files" ]; then
    tar --create --file="$part/filestore.tar" --directory="$ODOO_FILESTORE/$ODOO_DB" --owner=0 --group=0 \
      --numeric-owner --verbatim-files-from --files-from="$WORK/files"
  else
    tar --create --file="$part/filestore.tar" --files-from=/dev/null
  fi
  close_snapshot
  count=$(wc -l <"$WORK/files") missing=$(wc -l <"$WORK/missing")
  {
    printf 'format: %s\ndatabase: %s\nmade: %s\n' "$FORMAT" "$ODOO_DB" "$stamp"
    cat "$WORK/facts"
    printf 'files: %s\nmissing: %s\n' "$count" "$missing"
  } >"$part/manifest.txt"
  # A disk can be full, and say so to nobody: what was written is read again.
  pg_restore --list "$part/database.dump" >/dev/null
  [ "$(tar --list --file="$part/filestore.tar" | wc -l)" -eq "$count" ] || die "filestore.tar is not what was written"
  (cd "$part" && sha256sum "${PARTS[@]}" >SHA256SUMS)
  sync -- "$part"/* "$part"
  mv -T "$part" "$BACKUP_DIR/$name"
  sync -- "$BACKUP_DIR"
  say "$name: $(du -sh "$BACKUP_DIR/$name" | cut -f 1), $count files"
  MISSING=$missing
}

# keep <count> <date format>: the newest of each of the last <count> periods that have one.
keep() {
  local count=$1 format=$2 last='' name period
  while IFS= read -r name; do
    [ "$count" -gt 0 ] || break
    period=$(date -u -d "@$(made_at "$name")" "+$format")
    [ "$period" != "$last" ] || continue
    printf '%s\n' "$name"
    last=$period count=$((count - 1))
  done <"$WORK/all"
}

# Those of the last hours: the one from before a mistake is not to give way to the one after it.
keep_recent() {
  local name from
  from=$(($(date +%s) - HOURS * 3600))
  while IFS= read -r name; do
    [ "$(made_at "$name")" -le "$from" ] || printf '%s\n' "$name"
  done <"$WORK/all"
}

remove_old() {
  backups "$ODOO_DB" >"$WORK/all"
  # The newest one stays whatever the numbers say.
  { head -n 1 "$WORK/all" && keep_recent && keep "$DAILY" %Y%m%d && keep "$WEEKLY" %G%V && keep "$MONTHLY" %Y%m; } |
    sort -u >"$WORK/kept"
  sort "$WORK/all" | comm -23 - "$WORK/kept" >"$WORK/old"
  local name
  while IFS= read -r name; do
    # Renamed first: half of a backup must not look like one.
    mv -T "$BACKUP_DIR/$name" "$BACKUP_DIR/.removed-$name"
    rm -rf "$BACKUP_DIR/.removed-$name"
    say "removed: $name"
  done <"$WORK/old"
}

run() {
  mkdir -p "$BACKUP_DIR"
  use_password_file
  take_lock
  remove_remains
  make_one
  remove_old
  [ -z "$copy" ] || copy_newest
  if [ "$MISSING" -gt 0 ]; then
    say "$MISSING files that the database names are not in the filestore: see missing.txt in the backup"
    exit 3
  fi
}

# Each run is a process of its own: what one leaves behind, open files and all, ends with it.
every_day() {
  [[ $daily =~ ^([01][0-9]|2[0-3]):[0-5][0-9]$ ]] || die "not a time of day: $daily"
  trap 'exit 0' TERM INT
  say "one backup a day at $daily UTC"
  # The first one at once: a new installation is not to wait a night for it.
  [ -n "$(backups "$ODOO_DB")" ] || "$0" --bare || say "no backup; the next attempt is at $daily"
  local now next
  while :; do
    now=$(date -u +%s)
    next=$(date -u -d "today $daily" +%s)
    [ "$next" -gt "$now" ] || next=$(date -u -d "tomorrow $daily" +%s)
    # In the background and waited for, so that a signal is heard at once.
    sleep "$((next - now))" &
    wait $!
    "$0" --bare || say "no whole backup (exit $?); monitor.sh tells when the last one is too old"
  done
}

if [ -n "$daily" ]; then every_day; else run; fi
