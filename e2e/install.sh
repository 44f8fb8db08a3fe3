#!/bin/sh
# Installs what the tests need beside Go and Node: the real mail servers, the browser,
# the telephones. Debian packages, as root; otherwise it prints the one line to run.
set -eu

need=
want() { # command package...
	command -v "$1" >/dev/null 2>&1 || PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1 || { shift; need="$need $*"; }
}
want dovecot dovecot-imapd dovecot-lmtpd
[ -x /usr/lib/dovecot/lmtp ] || need="$need dovecot-lmtpd"
want postfix postfix
want mbsync isync
want chromium chromium fonts-liberation fonts-noto-core
want sipp sip-tester
want baresip baresip
want sox sox
want espeak-ng espeak-ng
[ -n "$need" ] || exit 0

line="apt-get install -y --no-install-recommends$need"
if [ "$(id -u)" != 0 ]; then
	echo "The tests need packages that are not here. As root, run: $line" >&2
	exit 1
fi
echo "Installing for the tests:$need"

# Debian starts servers as they are installed; these are for the tests to start.
policy=/usr/sbin/policy-rc.d
saved=
if [ -e "$policy" ]; then
	saved=$(mktemp)
	cp -p "$policy" "$saved"
fi
restore() { if [ -n "$saved" ]; then mv "$saved" "$policy"; else rm -f "$policy"; fi; }
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -q --no-install-recommends $need
