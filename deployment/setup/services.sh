#!/usr/bin/env bash
# shellcheck disable=SC2154 # names that main.sh and run.sh set
# Start, stop and boot: by systemd where it runs, by launchd on macOS, else by hand. Sourced by main.sh and run.sh.

boot_words() {
  if is_macos; then
    echo 'by launchd'
  elif has_systemd; then
    echo 'by systemd, handover.service'
  else
    echo 'not by itself: there is no systemd here (see the end)'
  fi
}

ecosystem() {
  if [ -n "$alone" ]; then
    echo ecosystem.config.js
  elif [ "$role" = cloud ]; then
    echo deployment/cloud/ecosystem.config.js
  else
    echo deployment/local/ecosystem.config.js
  fi
}

pm2_runs() { [ -f "$pm2_home/pm2.pid" ] && kill -0 "$(cat "$pm2_home/pm2.pid")" 2>/dev/null; }

# The processes alone. `pm2 kill` lets each finish what it is at, thirty seconds at most.
processes_up() { pm2 start "$prefix/current/$(ecosystem)" >/dev/null; }
processes_down() { ! pm2_runs || pm2 kill >/dev/null; }

syncthing_runs() { pgrep -u "$user" -x syncthing >/dev/null; }

# The user's own Syncthing, however it was started, is left as it is.
start_syncthing() {
  if is_macos; then
    brew services start syncthing >/dev/null
  elif has_systemd; then
    if systemctl is-enabled --quiet "syncthing@$user" 2>/dev/null; then
      systemctl start "syncthing@$user"
    elif ! syncthing_runs; then
      systemctl enable --quiet --now "syncthing@$user"
      changed "syncthing@$user.service"
    fi
  elif ! syncthing_runs; then
    HOME=$user_home start-stop-daemon --start --quiet --background --chuid "$user" --chdir "$user_home" \
      --make-pidfile --pidfile "$(sync_pid)" --exec /usr/bin/syncthing -- serve --no-browser --logfile=-
  fi
}

sync_pid() { echo "/run/handover-syncthing-$user.pid"; }

stop_syncthing() {
  if is_macos; then
    brew services stop syncthing >/dev/null
  elif has_systemd; then
    systemctl stop "syncthing@$user"
  elif [ -f "$(sync_pid)" ]; then
    start-stop-daemon --stop --quiet --oknodo --retry 20 --pidfile "$(sync_pid)" --exec /usr/bin/syncthing
    rm -f "$(sync_pid)"
  fi
}

services_start() {
  [ -n "$alone" ] || start_syncthing
  if has_systemd; then
    systemctl start handover
  elif ! pm2_runs; then
    processes_up
  fi
}

services_stop() {
  if has_systemd; then systemctl stop handover; else processes_down; fi
}

install_services() {
  local name
  for name in handover pm2 services; do
    local as=handover-$name
    [ "$name" != handover ] || as=handover
    put "$prefix/bin/$as" 755 <<WRAPPER
#!/bin/sh
exec '$prefix/current/deployment/setup/run.sh' $name "\$@"
WRAPPER
    if [ -d /usr/local/bin ] && [ "$(readlink "/usr/local/bin/$as" 2>/dev/null)" != "$prefix/bin/$as" ]; then
      if [ -e "/usr/local/bin/$as" ] && [ ! -L "/usr/local/bin/$as" ]; then die "/usr/local/bin/$as is in the way"; fi
      ln -sfn "$prefix/bin/$as" "/usr/local/bin/$as" && changed "/usr/local/bin/$as"
    fi
  done
  if is_macos; then
    launch_agent
    return
  fi
  log_rotation | put /etc/logrotate.d/handover 644
  # Also where systemd does not run now: it may at the next boot.
  [ -d /etc/systemd/system ] || return 0
  local before=$changes
  unit | put /etc/systemd/system/handover.service 644
  if has_systemd; then
    [ "$changes" = "$before" ] || systemctl daemon-reload
    systemctl is-enabled --quiet handover 2>/dev/null || { systemctl enable --quiet handover && changed 'start at boot'; }
  fi
}

# What `pm2 startup` would write, but with our own table instead of a dump, and without PM2's calls home.
unit() {
  cat <<UNIT
[Unit]
Description=Handover, its processes under PM2 ($role)
Documentation=file://$prefix/current/docs/setup.md
Wants=network-online.target
After=network-online.target$([ -n "$alone" ] || echo " syncthing@$user.service")

[Service]
Type=forking
User=$user
UMask=0077
PIDFile=$pm2_home/pm2.pid
ExecStart=$prefix/current/deployment/setup/run.sh services up
ExecStop=$prefix/current/deployment/setup/run.sh services down
Restart=on-failure
RestartSec=10
# A submission may take half a minute.
TimeoutStopSec=60
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
UNIT
}

# PM2 opens its logs to append, so they can be cut under it. Two weeks, and nothing grows past 20 MB for long.
log_rotation() {
  cat <<ROTATE
$pm2_home/logs/*.log $pm2_home/pm2.log {
	su $user $(id -gn "$user")
	daily
	maxsize 20M
	rotate 14
	missingok
	notifempty
	compress
	copytruncate
}
ROTATE
}

# Not tried on a Mac.
launch_agent() {
  local to=$user_home/Library/LaunchAgents
  mkdir -p "$to"
  put "$to/handover.plist" 644 <<PLIST
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key><string>handover</string>
	<key>ProgramArguments</key>
	<array><string>$prefix/current/deployment/setup/run.sh</string><string>services</string><string>up</string></array>
	<key>RunAtLoad</key><true/>
	<key>AbandonProcessGroup</key><true/>
</dict>
</plist>
PLIST
}

# What the processes were started with: another release or other settings, and they are started anew.
started_with() { { echo "$release" && cat "$base/.env" && ecosystem; } | sha256; }

start_processes() {
  local before=0
  if pm2_runs; then
    before=$(online)
    if [ "$(current_release)" = "$release" ] && [ "$(cat "$prefix/started" 2>/dev/null)" = "$(started_with)" ]; then
      [ -n "$alone" ] || start_syncthing
      say '   they run, with this program and these settings'
      list_processes || :
      remove_old_releases
      return
    fi
    services_stop
  fi
  local was
  was=$(current_release)
  switch_to "$release"
  services_start
  changed 'the processes were started'
  if ! list_processes && [ "$(online)" -lt "$before" ]; then
    services_stop
    switch_to "$was"
    services_start
    die "fewer processes run with $release than with $was, so $was runs again; their words: handover-pm2 logs --nostream"
  fi
  started_with >"$prefix/started"
  remove_old_releases
}

list_processes() { pm2 jlist | "$node" "$prefix/current/deployment/setup/processes.mjs"; }
online() { pm2 jlist | "$node" "$prefix/current/deployment/setup/processes.mjs" --count; }
