#!/bin/sh
# Installs what the tests need beside Go, Node and PostgreSQL: the real mail servers, the
# browser, the telephones; and for the figures what nodes meet at, and what we are
# compared with. Debian packages, as root; otherwise it prints the line to run.
set -eu
PATH=$PATH:/usr/sbin

need=
want() { # command package...
	command -v "$1" >/dev/null 2>&1 || { shift; need="$need $*"; }
}
want dovecot dovecot-imapd
[ -x /usr/lib/dovecot/lmtp ] || need="$need dovecot-lmtpd"
want postfix postfix
want mbsync isync
want rtpengine rtpengine-daemon
want nats-server nats-server
want chromium-headless-shell chromium-headless-shell fonts-liberation fonts-noto-core
want sipp sip-tester
want baresip baresip
want sox sox
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "The tests need what Debian has in these packages; please install it with your system's:$need" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "The tests need programs that are not here, and only root can install them. Please run one of" >&2
	echo "  sudo $(cd "$(dirname "$0")" && pwd)/install.sh" >&2
	echo "  sudo apt-get install --no-install-recommends$need" >&2
	echo "The first starts none of the services that it installs. Then try again." >&2
	exit 1
fi
echo "Installing for the tests:$need"
# shellcheck disable=SC2086 # a list of packages
"$(dirname "$0")/../localpg/apt-quiet.sh" $need
