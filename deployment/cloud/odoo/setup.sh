#!/usr/bin/env bash
# Prepares a machine for docker-compose.odoo.yml: makes the secrets, looks whether it can work, says what comes next.
#
#   sudo setup.sh --domain books.example.org --email you@example.org
#
#   --db NAME        name of the database (books)
#   --dir FOLDER     where settings, secrets and backups lie (/srv/handover-odoo)
#   --workers N      worker processes of Odoo (2 * CPUs + 1, fewer when there is little memory)
#   --no-checks      makes the files only
#
# May be run again: secrets stay as they are, and odoo.conf is made anew from its template.
# Needs root, because the folder of the secrets belongs to root alone.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

domain='' email='' db='' dir=${ODOO_DIR:-/srv/handover-odoo} workers='' checks=yes
while [ $# -gt 0 ]; do
  case $1 in
    --domain) domain=${2:?a name} && shift ;;
    --email) email=${2:?an address} && shift ;;
    --db) db=${2:?a name} && shift ;;
    --dir) dir=${2:?a folder} && shift ;;
    --workers) workers=${2:?a number} && shift ;;
    --no-checks) checks='' ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) die "unknown: $1" ;;
  esac
  shift
done

# What an earlier run wrote, where nothing else is said now.
earlier() { [ ! -r "$dir/site.env" ] || sed -n "s/^$1=//p" "$dir/site.env" | tail -n 1; }
domain=${domain:-$(earlier ODOO_DOMAIN)} email=${email:-$(earlier ODOO_ACME_EMAIL)} db=${db:-$(earlier ODOO_DB)}
db=${db:-books}
[[ $domain =~ ^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
  die "--domain: a name like books.example.org, in small letters"
[[ $email =~ ^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$ ]] || die "--email: an address, for word about the certificate"
[[ $dir =~ ^/[A-Za-z0-9._/-]+$ ]] || die "--dir: an absolute path without spaces"
check_name "$db"
[ "${#db}" -le 30 ] || die "--db: at most 30 letters, because copies get a longer name"

# ---- files -------------------------------------------------------------------------------------------------------

# Never twice: a second password would be one that PostgreSQL does not know.
secret() {
  [ ! -s "$dir/secrets/$1" ] || return 0
  head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' >"$dir/secrets/.$1"
  chmod 444 "$dir/secrets/.$1"
  mv "$dir/secrets/.$1" "$dir/secrets/$1"
}

how_many_workers() {
  local cpus memory
  cpus=$(nproc) memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  local by_cpu=$((2 * cpus + 1)) by_memory=$((memory / 768))
  [ "$by_cpu" -le "$by_memory" ] || by_cpu=$by_memory
  [ "$by_cpu" -ge 2 ] || by_cpu=2
  # The container's memory limit is for so many.
  [ "$by_cpu" -le 9 ] || by_cpu=9
  printf '%s' "$by_cpu"
}

# The values with a variable are for an Odoo outside of containers.
make_conf() {
  local text
  text=$(cat "$HERE/odoo.conf")
  text=${text//@DB_HOST@/${CONF_DB_HOST:-db}}
  text=${text//@DB_PORT@/${CONF_DB_PORT:-5432}}
  text=${text//@DB_USER@/${CONF_DB_USER:-odoo}}
  text=${text//@DB_NAME@/$db}
  text=${text//@HTTP_INTERFACE@/${CONF_HTTP_INTERFACE:-0.0.0.0}}
  text=${text//@HTTP_PORT@/${CONF_HTTP_PORT:-8069}}
  text=${text//@GEVENT_PORT@/${CONF_GEVENT_PORT:-8072}}
  text=${text//@DATA_DIR@/${CONF_DATA_DIR:-/var/lib/odoo}}
  text=${text//@WORKERS@/$workers}
  text=${text//@DB_PASSWORD@/$(cat "$dir/secrets/odoo_db_password")}
  text=${text//@ADMIN_PASSWD@/$(cat "$dir/secrets/odoo_admin_passwd")}
  [[ $text != *@[A-Z_]*@* ]] || die "odoo.conf has a place that is not filled in"
  printf '%s\n' "$text" >"$dir/secrets/.odoo.conf"
  chmod 444 "$dir/secrets/.odoo.conf"
  mv "$dir/secrets/.odoo.conf" "$dir/secrets/odoo.conf"
}

# The user's own lines (BACKUP_COPY_COMMAND, BACKUP_KEEP_DAILY ...) stay.
make_site() {
  {
    printf 'ODOO_DIR=%s\nODOO_DOMAIN=%s\nODOO_ACME_EMAIL=%s\nODOO_DB=%s\n' "$dir" "$domain" "$email" "$db"
    [ ! -e "$dir/site.env" ] || grep -vE '^(ODOO_DIR|ODOO_DOMAIN|ODOO_ACME_EMAIL|ODOO_DB)=' "$dir/site.env" || :
  } >"$dir/.site.env"
  mv "$dir/.site.env" "$dir/site.env"
}

# ---- checks ------------------------------------------------------------------------------------------------------

wrong=0
good() { printf 'ok     %s\n' "$*"; }
look() { printf 'LOOK   %s\n' "$*"; }
bad() { printf 'WRONG  %s\n' "$*" && wrong=1; }

check_docker() {
  local version
  if ! command -v docker >/dev/null; then
    bad "docker is not installed: https://docs.docker.com/engine/install/"
  elif ! version=$(docker compose version --short 2>/dev/null); then
    bad "docker has no compose (package docker-compose-plugin)"
  elif ! docker info >/dev/null 2>&1; then
    bad "the docker engine does not answer"
  elif ! compose config -q; then
    bad "docker compose does not accept docker-compose.odoo.yml"
  else
    good "docker compose $version"
  fi
}

check_ports() {
  local port
  for port in 80 443; do
    if docker ps --filter label=com.docker.compose.project=handover-odoo --format '{{.Ports}}' 2>/dev/null |
      grep -q ":$port->"; then
      good "port $port: ours already"
    elif ss -Hltn "sport = :$port" 2>/dev/null | grep -q .; then
      bad "port $port is taken by another program: ss -ltnp 'sport = :$port'"
    else
      good "port $port is free"
    fi
  done
}

check_dns() {
  local found
  found=$(getent ahosts "$domain" | awk '{ print $1 }' | sort -u) || :
  if [ -z "$found" ]; then
    bad "$domain has no address: make an A record that leads to this machine"
  elif ip -o addr | awk '{ sub("/.*", "", $4); print $4 }' | grep -qxF "$found"; then
    good "$domain leads to this machine"
  else
    look "$domain leads to $(tr '\n' ' ' <<<"$found")which is no address of this machine: right only behind NAT"
  fi
}

check_room() {
  local memory disk
  memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  disk=$(df --output=avail -BG "$dir" | tail -n 1 | tr -dc '0-9')
  if [ "$memory" -lt 3500 ]; then look "$memory MB of memory; 4 GB are wanted"; else good "$memory MB of memory"; fi
  if [ "$disk" -lt 20 ]; then look "$disk GB are free in $dir; 20 are wanted"; else good "$disk GB are free in $dir"; fi
}

# The containers read these as other users than the one who cloned.
open_for_containers() { chmod a+rX "$HERE" "$HERE"/* "$HERE/../docker-compose.odoo.yml"; }

[ -n "$workers" ] || workers=$(how_many_workers)
[[ $workers =~ ^[0-9]{1,2}$ ]] || die "--workers: a number"
mkdir -p "$dir/secrets" "$dir/backups"
chmod 700 "$dir" "$dir/secrets" "$dir/backups"
for name in postgres_password odoo_db_password odoo_admin_passwd; do secret "$name"; done
make_conf
make_site
open_for_containers
say "files: $dir/site.env, $dir/secrets (of root alone), $dir/backups"
[ -n "$checks" ] || exit 0

[ "$(id -u)" -eq 0 ] || look "not run as root: the containers' engine must still be able to read $dir"
ODOO_DIR=$dir
check_docker
check_ports
check_dns
check_room
if [ "$wrong" -ne 0 ]; then
  echo "Put that right, and run this again."
  exit 1
fi
cat <<NEXT

Next, the books themselves (some five minutes, most of them for the images):

  sudo $HERE/first-start.sh
NEXT
