#!/usr/bin/env bash
# Is everything right with Odoo? One line for each thing, and an exit code for cron and the like.
#
#   monitor.sh                    on the host of the containers
#   monitor.sh --bare             here: MONITOR_URL, ODOO_DB, BACKUP_DIR, PGHOST ... as in common.sh
#   monitor.sh --quiet            only what is not right
#   monitor.sh --only NAME        odoo, database, certificate, disk, backup or containers
#   monitor.sh --deep             reads the newest backup from end to end as well
#
# Limits: BACKUP_MAX_AGE_HOURS (26), DISK_MIN_FREE_PERCENT (10), CERTIFICATE_MIN_DAYS (14).
# Exit: 0 all right, 1 something to look at, 2 something is wrong.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bare='' quiet='' only='' deep=''
while [ $# -gt 0 ]; do
  case $1 in
    --bare) bare=yes ;;
    --quiet) quiet=yes ;;
    --deep) deep=yes ;;
    --only) only=${2:?a name} && shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) die "unknown: $1" ;;
  esac
  shift
done

worst=0

# result <0|1|2> <name> <words>
result() {
  local signs=(ok LOOK WRONG)
  [ "$1" -le "$worst" ] || worst=$1
  [ "$quiet$1" = yes0 ] || printf '%-6s %-12s %s\n' "${signs[$1]}" "$2" "$3"
}

number() {
  [[ ${!1:-$2} =~ ^[0-9]{1,4}$ ]] || die "$1 is not a number: ${!1}"
  printf '%s' "${!1:-$2}"
}

# Past the proxy's name and certificate, which are looked at by themselves.
page() { curl -sSk --max-time 20 ${resolve:+--resolve "$resolve"} -o /dev/null -w '%{http_code}' "$url$1" 2>"$WORK/curl" || :; }

check_odoo() {
  local status
  status=$(page /web/health)
  case $status in
    200) result 0 odoo "answers at $url" ;;
    000) result 2 odoo "does not answer at $url: $(cut -c 1-100 "$WORK/curl" | head -n 1)" ;;
    *) result 2 odoo "answers $status at $url" ;;
  esac
}

check_database() {
  local status
  if ! database_answers; then
    result 2 database "PostgreSQL takes no connections"
    return
  fi
  status=$(page '/web/health?db_server_status=1')
  case $status in
    200) result 0 database "answers, and Odoo reaches it" ;;
    000) result 1 database "takes connections; Odoo cannot be asked" ;;
    *) result 2 database "takes connections, but Odoo does not reach it ($status)" ;;
  esac
}

database_answers() {
  if [ -n "$bare" ]; then
    pg_isready -q -t 10 -d "${ODOO_DB:-postgres}"
  else
    compose exec -T db pg_isready -q -t 10 -h 127.0.0.1 >/dev/null 2>&1
  fi
}

check_certificate() {
  local host=${url#https://} port=443 address end days minimum
  minimum=$(number CERTIFICATE_MIN_DAYS 14)
  if [ "$host" = "$url" ]; then
    result 1 certificate "none: $url is not https"
    return
  fi
  host=${host%%/*}
  [[ $host != *:* ]] || port=${host##*:} host=${host%%:*}
  address=${MONITOR_ADDRESS:-$host}
  local options=(-connect "$address:$port" -servername "$host" -verify_hostname "$host" -verify_return_error)
  [ -z "${MONITOR_CA_FILE:-}" ] || options+=(-CAfile "$MONITOR_CA_FILE")
  if ! timeout 20 openssl s_client "${options[@]}" </dev/null >"$WORK/tls" 2>"$WORK/tls-errors"; then
    result 2 certificate "not valid for $host: $(grep -iEm 1 'verify|error|connect' "$WORK/tls-errors" | cut -c 1-100)"
    return
  fi
  end=$(openssl x509 -noout -enddate -in "$WORK/tls" | sed 's/^notAfter=//')
  days=$((($(date -d "$end" +%s) - $(date +%s)) / 86400))
  if [ "$days" -lt "$minimum" ]; then
    # The proxy renews it when a third of its life is left; this late something keeps it from doing so.
    result 2 certificate "$days days left, at least $minimum wanted: see the log of the proxy"
  else
    result 0 certificate "$days days left"
  fi
}

check_disk() {
  local path what free minimum seen=' ' device state=0 words=''
  minimum=$(number DISK_MIN_FREE_PERCENT 10)
  for path in "${disks[@]}"; do
    [ -e "$path" ] || continue
    device=$(df --output=source "$path" | tail -n 1)
    [[ $seen != *" $device "* ]] || continue
    seen+="$device "
    for what in pcent ipcent; do
      # `-`: a file system without inodes of its own.
      free=$(df --output="$what" "$path" | tail -n 1 | tr -dc '0-9')
      [ -n "$free" ] || continue
      free=$((100 - free))
      [ "$free" -ge "$minimum" ] || state=2
      if [ "$what" = pcent ]; then
        words+="${words:+, }$free % of $path is free"
      elif [ "$free" -lt "$minimum" ]; then
        words+=", $free % of its inodes"
      fi
    done
  done
  [ "$state" -eq 0 ] || words+="; at least $minimum % wanted"
  result "$state" disk "${words:-nothing to look at}"
}

check_backup() {
  local newest age maximum folder part
  maximum=$(number BACKUP_MAX_AGE_HOURS 26)
  newest=$(backups "$ODOO_DB" | head -n 1)
  if [ -z "$newest" ]; then
    result 2 backup "there is none in $BACKUP_DIR"
    return
  fi
  folder=$BACKUP_DIR/$newest
  age=$((($(date +%s) - $(made_at "$newest")) / 3600))
  for part in "${PARTS[@]}" SHA256SUMS; do
    if [ ! -s "$folder/$part" ]; then
      result 2 backup "$newest is not whole: no $part"
      return
    fi
  done
  if [ -n "$deep" ] && ! (cd "$folder" && sha256sum --check --strict --status SHA256SUMS); then
    result 2 backup "$newest is damaged: its checksums do not hold"
  elif [ "$age" -gt "$maximum" ]; then
    result 2 backup "the newest, $newest, is $age hours old; at most $maximum are wanted"
  elif [ "$age" -lt 0 ]; then
    result 1 backup "the newest, $newest, is from the future: is the clock right?"
  elif [ -e "$folder/missing.txt" ]; then
    result 1 backup "$newest lacks $(wc -l <"$folder/missing.txt") files that were not in the filestore either"
  elif [ -n "${BACKUP_COPY_COMMAND:-}" ] && ! copied_lately "$maximum"; then
    result 1 backup "$newest, $age hours old; but no copy elsewhere in the last $maximum hours"
  else
    result 0 backup "$newest, $age hours old"
  fi
}

copied_lately() {
  [ -s "$BACKUP_DIR/.copied" ] && [ $((($(date +%s) - $(made_at "$(cat "$BACKUP_DIR/.copied")")) / 3600)) -le "$1" ]
}

check_containers() {
  local bad='' service state health
  while read -r service state health; do
    case $state.$health in
      running.healthy | running.) ;;
      *) bad+="${bad:+, }$service: $state${health:+, $health}" ;;
    esac
  done < <(compose ps -a --format '{{.Service}} {{.State}} {{.Health}}' | grep -v '^restore ')
  if [ -n "$bad" ]; then result 2 containers "$bad"; else result 0 containers "all up"; fi
}

if [ -n "$bare" ]; then
  checks=(odoo database certificate disk backup)
  # What is not asked for needs no settings.
  case $only in
    '') need MONITOR_URL ODOO_DB BACKUP_DIR ;;
    backup) need ODOO_DB BACKUP_DIR ;;
  esac
  url=${MONITOR_URL:-} resolve=''
  disks=("${ODOO_FILESTORE:-/}" "${BACKUP_DIR:-/}")
else
  read_site
  checks=(containers odoo database certificate disk backup)
  # Asked at this machine, not at where the name may lead from here.
  MONITOR_ADDRESS=${MONITOR_ADDRESS:-127.0.0.1}
  url=https://$ODOO_DOMAIN resolve=$ODOO_DOMAIN:443:$MONITOR_ADDRESS
  disks=("$(docker info -f '{{.DockerRootDir}}' 2>/dev/null || echo /)" "$BACKUP_DIR")
fi
[ -z "$only" ] || [[ " ${checks[*]} " == *" $only "* ]] || die "no such check: $only"
use_password_file
for check in ${only:-"${checks[@]}"}; do
  case $check in
    containers) check_containers ;;
    odoo) check_odoo ;;
    database) check_database ;;
    certificate) check_certificate ;;
    disk) check_disk ;;
    backup) check_backup ;;
  esac
done
exit "$worst"
